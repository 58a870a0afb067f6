// SPDX-License-Identifier: MIT
// Cross-entropy against a distribution over classes, in which what is easy counts little.
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

struct CategoricalFocalCrossentropyOptions {
  double alpha = 0.25;         ///< what all is multiplied by
  double gamma = 2;            ///< how much less counts what is easy; >= 0
  bool from_logits = false;    ///< the model ends without a softmax
  double label_smoothing = 0;  ///< e: targets are moved to (1 - e) t + e / K
  Reduction reduction = Reduction::sum_over_batch_size;  ///< of the losses of a batch's rows
};

/// `CategoricalCrossentropy` in which a class counts the less, the surer the model is of it (Lin et
/// al. 2017; Keras: CategoricalFocalCrossentropy): for classes of which some are rare. With t the
/// target, q the probabilities scaled to the sum 1, or the softmax of logits z, and c = clip(q,
/// 1e-7, 1 - 1e-7):
///     loss = -alpha sum_k t_k (1 - c_k)^gamma log c_k
///     dq_k = alpha t_k (1 - c_k)^gamma (gamma log(c_k) / (1 - c_k) - 1 / c_k),  0 where clipped
///     dp_k = (dq_k - sum_j dq_j q_j) / sum_j p_j        dz_k = q_k (dq_k - sum_j dq_j q_j)
/// Targets   values, shaped like the result
/// Shapes    z, p, q, t, dz, dp [K]
/// Throws    std::invalid_argument for scores that can't be probabilities where it needs them, for
///           a negative gamma, and for a label_smoothing outside of 0 .. 1
class CategoricalFocalCrossentropy {
 public:
  static constexpr TargetKind targets = TargetKind::values;

  explicit CategoricalFocalCrossentropy(const CategoricalFocalCrossentropyOptions& options = {})
      : options_(options) {
    constexpr const char* where = "CategoricalFocalCrossentropy";
    detail::require_smoothing(where, options.label_smoothing);
    demand(options.gamma >= 0, where, "a gamma of 0 or more", options.gamma);
  }

  [[nodiscard]] static std::string name() { return "categorical_focal_crossentropy"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}
        .set("alpha", options_.alpha)
        .set("gamma", options_.gamma)
        .set("from_logits", options_.from_logits)
        .set("label_smoothing", options_.label_smoothing)
        .set("reduction", to_string(options_.reduction));
  }
  [[nodiscard]] NN_COLD static CategoricalFocalCrossentropy from_arguments(
      const Arguments& arguments) {
    return CategoricalFocalCrossentropy{
        {.alpha = arguments.get<double>("alpha"),
         .gamma = arguments.get<double>("gamma"),
         .from_logits = arguments.get<bool>("from_logits"),
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
    detail::require_distributions("categorical_focal_crossentropy", batch);
  }

  template <Real T>
  T operator()(const ScoredRow<T>& row, T factor, T* gradient) const {
    using std::exp;
    const T* scores = row.scores;  // [K]
    const bool are_logits = row.are_logits || options_.from_logits;
    T sum(0), largest(0);
    if (are_logits) sum = kernels::sum_of_shifted_exponentials(row.classes, scores, largest);
    for (Index k = 0; !are_logits && k < row.classes; ++k) sum += scores[k];
    const auto probability = [&](Index k) {
      return (are_logits ? exp(scores[k] - largest) : scores[k]) / sum;
    };
    T loss(0), inner_product(0);  // of dq and q
    for (Index k = 0; k < row.classes; ++k) {
      const T q = probability(k);
      T slope(0);
      loss += of_class(q, target(row, k), slope);
      inner_product += slope * q;
    }
    for (Index k = 0; gradient != nullptr && k < row.classes; ++k) {
      const T q = probability(k);
      T slope(0);
      static_cast<void>(of_class(q, target(row, k), slope));
      gradient[k] = factor * (slope - inner_product) * (are_logits ? q : T(1) / sum);
    }
    return loss;
  }

 private:
  template <Real T>
  [[nodiscard]] T target(const ScoredRow<T>& row, Index k) const {
    const auto smoothing = static_cast<T>(options_.label_smoothing);
    return row.values[k] * (T(1) - smoothing) + smoothing / static_cast<T>(row.classes);
  }

  /// The part of one class, and its derivative with respect to q.
  template <Real T>
  [[nodiscard]] T of_class(T q, T t, T& slope) const {
    using std::log, std::pow;
    const detail::ProbabilityLimits<T> limits;
    const T c = limits.clip(q);
    const T weight =
        static_cast<T>(options_.alpha) * t * static_cast<T>(pow(T(1) - c, options_.gamma));
    const T log_c = log(c);
    const T focus_slope = static_cast<T>(options_.gamma) * log_c / (T(1) - c);
    slope = limits.cut(q) ? T(0) : weight * (focus_slope - T(1) / c);
    return -weight * log_c;
  }

  CategoricalFocalCrossentropyOptions options_;
};

}  // namespace nn
