// SPDX-License-Identifier: MIT
// Cross-entropy of numbers that are each true or false.
#pragma once

#include <cmath>
#include <string>

#include "nn/data/target_kind.hpp"
#include "nn/kernels/elementwise/activation.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/scoring/probabilities.hpp"
#include "nn/scoring/row_loss.hpp"

namespace nn {

struct BinaryCrossentropyOptions {
  bool from_logits = false;    ///< the model ends without a sigmoid
  double label_smoothing = 0;  ///< e: targets are moved to (1 - e) t + e / 2
  Reduction reduction = Reduction::sum_over_batch_size;  ///< of the losses of a batch's rows
};

/// For one label or several that don't exclude each other: mean over a row of the cross-entropy
/// between the target t (0 or 1, or between) and the probability p (Keras: BinaryCrossentropy).
/// From logits z it is exact for any z:
///     loss = (1/K) sum_k max(z_k, 0) - z_k t_k + log(1 + exp(-|z_k|))
///     dz_k = (1/K) (sigmoid(z_k) - t_k)
/// From probabilities, with c = clip(p, 1e-7, 1 - 1e-7):
///     loss = -(1/K) sum_k t_k log c_k + (1 - t_k) log(1 - c_k)
///     dp_k = (1/K) (c_k - t_k) / (c_k (1 - c_k)),   0 where p_k is clipped
/// Targets   values, shaped like the result
/// Shapes    z, p, t, dz, dp [K]
/// Throws    std::invalid_argument for scores outside of 0 .. 1 where it needs probabilities, and
///           for a label_smoothing outside of 0 .. 1
class BinaryCrossentropy {
 public:
  static constexpr TargetKind targets = TargetKind::values;

  explicit BinaryCrossentropy(const BinaryCrossentropyOptions& options = {}) : options_(options) {
    detail::require_smoothing("BinaryCrossentropy", options.label_smoothing);
  }

  [[nodiscard]] static std::string name() { return "binary_crossentropy"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}
        .set("from_logits", options_.from_logits)
        .set("label_smoothing", options_.label_smoothing)
        .set("reduction", to_string(options_.reduction));
  }
  [[nodiscard]] NN_COLD static BinaryCrossentropy from_arguments(const Arguments& arguments) {
    return BinaryCrossentropy{{.from_logits = arguments.get<bool>("from_logits"),
                               .label_smoothing = arguments.get<double>("label_smoothing"),
                               .reduction = arguments.one_of("reduction", detail::reductions)}};
  }
  [[nodiscard]] Reduction reduction() const { return options_.reduction; }
  [[nodiscard]] bool from_logits() const { return options_.from_logits; }
  /// The closing activation whose input the loss takes in place of its result.
  [[nodiscard]] Activation takes_over() const {
    return options_.from_logits ? Activation::linear : Activation::sigmoid;
  }
  /// Classes that the targets tell apart: 0 and 1 of a single label.
  [[nodiscard]] Index num_classes(Index outputs) const { return outputs == 1 ? 2 : 0; }

  template <Real T>
  void check_batch(const ScoredBatch<T>& batch) const {
    if (batch.are_logits || options_.from_logits) return;
    detail::require_probabilities("binary_crossentropy", batch);
  }

  /// See RowLoss. The gradient may take the place of the scores.
  template <Real T>
  T operator()(const ScoredRow<T>& row, T factor, T* gradient) const {
    const bool are_logits = row.are_logits || options_.from_logits;
    const auto smoothing = static_cast<T>(options_.label_smoothing);
    const T share = T(1) / static_cast<T>(row.classes);
    T sum(0);
    for (Index k = 0; k < row.classes; ++k) {
      const T t = row.values[k] * (T(1) - smoothing) + T(0.5) * smoothing;
      T slope(0);
      sum +=
          are_logits ? of_logit(row.scores[k], t, slope) : of_probability(row.scores[k], t, slope);
      if (gradient != nullptr) gradient[k] = factor * share * slope;
    }
    return sum * share;
  }

 private:
  template <Real T>
  [[nodiscard]] static T of_logit(T z, T t, T& slope) {
    using std::exp, std::log1p;
    const T decay = exp(z < T(0) ? z : -z);  // at most 1, so nothing overflows
    slope = (z < T(0) ? decay : T(1)) / (T(1) + decay) - t;
    return (z < T(0) ? T(0) : z) - z * t + log1p(decay);
  }
  template <Real T>
  [[nodiscard]] static T of_probability(T p, T t, T& slope) {
    using std::log;
    const detail::ProbabilityLimits<T> limits;
    const T c = limits.clip(p);
    slope = limits.cut(p) ? T(0) : (c - t) / (c * (T(1) - c));
    return -(t * log(c) + (T(1) - t) * log(T(1) - c));
  }

  BinaryCrossentropyOptions options_;
};

}  // namespace nn
