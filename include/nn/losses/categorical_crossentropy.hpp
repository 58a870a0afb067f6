// SPDX-License-Identifier: MIT
// Cross-entropy against a distribution over classes, such as one-hot rows.
#pragma once

#include <cmath>
#include <string>

#include "nn/data/target_kind.hpp"
#include "nn/kernels/elementwise/activation.hpp"
#include "nn/kernels/rows/softmax.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/scoring/probabilities.hpp"
#include "nn/scoring/row_loss.hpp"

namespace nn {

struct CategoricalCrossentropyOptions {
  bool from_logits = false;    ///< the model ends without a softmax
  double label_smoothing = 0;  ///< e: targets are moved to (1 - e) t + e / K
  Reduction reduction = Reduction::sum_over_batch_size;  ///< of the losses of a batch's rows
};

/// Cross-entropy between the target, a row t of probabilities (one-hot: the true class's is 1), and
/// the probabilities p that the model gives (Keras: CategoricalCrossentropy). Under a closing
/// softmax it is computed from the logits z, which is exact for any z:
///     loss = sum_k t_k (logsumexp(z) - z_k)         dz = (sum_k t_k) softmax(z) - t
/// From probabilities that come from elsewhere, with q = p / sum_j p_j and
/// c = clip(q, 1e-7, 1 - 1e-7):
///     loss = -sum_k t_k log c_k
///     dp_k = (dq_k - sum_j dq_j q_j) / sum_j p_j    with dq_k = -t_k / q_k, 0 where q_k is clipped
/// Targets   values, shaped like the result
/// Shapes    z, p, t, dz, dp [K]
/// Throws    std::invalid_argument for scores that can't be probabilities where it needs them, and
///           for a label_smoothing outside of 0 .. 1
class CategoricalCrossentropy {
 public:
  static constexpr TargetKind targets = TargetKind::values;

  explicit CategoricalCrossentropy(const CategoricalCrossentropyOptions& options = {})
      : options_(options) {
    detail::require_smoothing("CategoricalCrossentropy", options.label_smoothing);
  }

  [[nodiscard]] static std::string name() { return "categorical_crossentropy"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}
        .set("from_logits", options_.from_logits)
        .set("label_smoothing", options_.label_smoothing)
        .set("reduction", to_string(options_.reduction));
  }
  [[nodiscard]] NN_COLD static CategoricalCrossentropy from_arguments(const Arguments& arguments) {
    return CategoricalCrossentropy{
        {.from_logits = arguments.get<bool>("from_logits"),
         .label_smoothing = arguments.get<double>("label_smoothing"),
         .reduction = arguments.one_of("reduction", detail::reductions)}};
  }
  [[nodiscard]] Reduction reduction() const { return options_.reduction; }
  [[nodiscard]] bool from_logits() const { return options_.from_logits; }
  /// The closing activation whose input the loss takes in place of its result.
  [[nodiscard]] Activation takes_over() const {
    return options_.from_logits ? Activation::linear : Activation::softmax;
  }
  /// Classes that the targets tell apart: one for each number of a row.
  [[nodiscard]] Index num_classes(Index outputs) const { return outputs; }

  template <Real T>
  void check_batch(const ScoredBatch<T>& batch) const {
    if (batch.are_logits || options_.from_logits) return;
    detail::require_distributions("categorical_crossentropy", batch);
  }

  template <Real T>
  T operator()(const ScoredRow<T>& row, T factor, T* gradient) const {
    return row.are_logits || options_.from_logits ? from_logits(row, factor, gradient)
                                                  : from_probabilities(row, factor, gradient);
  }

 private:
  template <Real T>
  [[nodiscard]] T target(const ScoredRow<T>& row, Index k) const {
    const auto smoothing = static_cast<T>(options_.label_smoothing);
    return row.values[k] * (T(1) - smoothing) + smoothing / static_cast<T>(row.classes);
  }

  template <Real T>
  [[nodiscard]] T from_logits(const ScoredRow<T>& row, T factor, T* dz) const {
    using std::log;
    const T* z = row.scores;  // [K]
    T largest;
    const T sum = dz == nullptr ? kernels::sum_of_shifted_exponentials(row.classes, z, largest)
                                : kernels::shifted_exponentials(row.classes, z, dz, largest);
    const T log_sum = log(sum);
    T loss(0), targets_sum(0);
    for (Index k = 0; k < row.classes; ++k) {
      const T t = target(row, k);
      loss += t * (log_sum + (largest - z[k]));
      targets_sum += t;
    }
    for (Index k = 0; dz != nullptr && k < row.classes; ++k) {
      dz[k] = factor * (targets_sum * (dz[k] / sum) - target(row, k));
    }
    return loss;
  }

  template <Real T>
  [[nodiscard]] T from_probabilities(const ScoredRow<T>& row, T factor, T* dp) const {
    using std::log;
    const detail::ProbabilityLimits<T> limits;
    const T* p = row.scores;  // [K]
    T sum(0), loss(0), inner_product(0);
    for (Index k = 0; k < row.classes; ++k) sum += p[k];
    for (Index k = 0; k < row.classes; ++k) {
      const T q = p[k] / sum;
      const T t = target(row, k);
      loss -= t * log(limits.clip(q));
      if (!limits.cut(q)) inner_product -= t;  // dq_k q_k
    }
    for (Index k = 0; dp != nullptr && k < row.classes; ++k) {
      const T q = p[k] / sum;
      const T dq = limits.cut(q) ? T(0) : -target(row, k) / q;
      dp[k] = factor * (dq - inner_product) / sum;
    }
    return loss;
  }

  CategoricalCrossentropyOptions options_;
};

}  // namespace nn
