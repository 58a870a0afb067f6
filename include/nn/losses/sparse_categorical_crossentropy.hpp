// SPDX-License-Identifier: MIT
// Cross-entropy against class numbers.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "nn/data/target_kind.hpp"
#include "nn/kernels/elementwise/activation.hpp"
#include "nn/kernels/rows/softmax.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/scoring/probabilities.hpp"
#include "nn/scoring/row_loss.hpp"

namespace nn {

struct SparseCategoricalCrossentropyOptions {
  bool from_logits = false;  ///< the model ends without a softmax
  /// Rows with this label, which need not be a class (-1 or 255, say), have loss 0 and don't count.
  std::optional<std::int32_t> ignore_class{};
  Reduction reduction = Reduction::sum_over_batch_size;  ///< of the losses of a batch's rows
};

/// Minus the logarithm of the probability that the true class got (Keras:
/// SparseCategoricalCrossentropy). Under a closing softmax it is computed from the logits z, which
/// is exact for any z:
///     loss = logsumexp(z) - z[label]                dz = softmax(z) - onehot(label)
/// From probabilities p that come from elsewhere, with c = clip(p, 1e-7, 1 - 1e-7), as TensorFlow
/// does:
///     loss = log sum_k c_k - log c[label]
///     dp_k = 1 / sum_j c_j - [k = label] / p_k,     0 where p_k is clipped
/// Options in a brace of their own, as SparseCategoricalCrossentropy{{.from_logits = true}}.
/// Targets   class numbers, one for each row of scores
/// Shapes    z, p, dz, dp [classes]
/// Throws    std::invalid_argument for scores that can't be probabilities where it needs them:
///           negative, or rows that don't sum to 1
class SparseCategoricalCrossentropy {
 public:
  static constexpr TargetKind targets = TargetKind::classes;

  explicit SparseCategoricalCrossentropy(const SparseCategoricalCrossentropyOptions& options = {})
      : options_(options) {}

  [[nodiscard]] static std::string name() { return "sparse_categorical_crossentropy"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    arguments.set("from_logits", options_.from_logits);
    arguments.set("reduction", to_string(options_.reduction));
    if (options_.ignore_class) arguments.set("ignore_class", *options_.ignore_class);
    return arguments;
  }
  [[nodiscard]] NN_COLD static SparseCategoricalCrossentropy from_arguments(
      const Arguments& arguments) {
    SparseCategoricalCrossentropyOptions options{
        .from_logits = arguments.get<bool>("from_logits"),
        .reduction = arguments.one_of("reduction", detail::reductions)};
    if (arguments.has("ignore_class")) {
      const Index label = arguments.get<Index>("ignore_class");
      options.ignore_class = static_cast<std::int32_t>(label);
      demand(*options.ignore_class == label, "SparseCategoricalCrossentropy",
             "an ignore_class of 32 bits", label);
    }
    return SparseCategoricalCrossentropy{options};
  }
  [[nodiscard]] Reduction reduction() const { return options_.reduction; }
  [[nodiscard]] bool from_logits() const { return options_.from_logits; }
  [[nodiscard]] std::optional<std::int32_t> ignore_class() const { return options_.ignore_class; }
  /// The closing activation whose input the loss takes in place of its result.
  [[nodiscard]] Activation takes_over() const {
    return options_.from_logits ? Activation::linear : Activation::softmax;
  }

  template <Real T>
  void check_batch(const ScoredBatch<T>& batch) const {
    if (batch.are_logits || options_.from_logits) return;
    detail::require_distributions("sparse_categorical_crossentropy", batch);
  }

  /// See RowLoss. From logits, the gradient may take the place of the scores.
  template <Real T>
  T operator()(const ScoredRow<T>& row, T factor, T* gradient) const {
    if (row.are_logits || options_.from_logits) {
      return kernels::softmax_crossentropy(row.classes, row.scores, row.label, factor, gradient);
    }
    return from_probabilities(row, factor, gradient);
  }

 private:
  template <Real T>
  [[nodiscard]] static T from_probabilities(const ScoredRow<T>& row, T factor, T* gradient) {
    using std::log;
    const detail::ProbabilityLimits<T> limits;
    const T* p = row.scores;  // [classes]
    T sum(0);
    for (Index k = 0; k < row.classes; ++k) sum += limits.clip(p[k]);
    for (Index k = 0; gradient != nullptr && k < row.classes; ++k) {
      const T slope = T(1) / sum - (k == row.label ? T(1) / p[k] : T(0));
      gradient[k] = limits.cut(p[k]) ? T(0) : factor * slope;
    }
    return log(sum) - log(limits.clip(p[row.label]));
  }

  SparseCategoricalCrossentropyOptions options_;
};

}  // namespace nn
