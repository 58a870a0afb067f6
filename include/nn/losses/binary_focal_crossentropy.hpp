// SPDX-License-Identifier: MIT
// Cross-entropy of numbers that are each true or false, in which what is easy counts little.
#pragma once

#include <cmath>
#include <string>

#include "nn/data/target_kind.hpp"
#include "nn/kernels/elementwise/activation.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/scoring/probabilities.hpp"
#include "nn/scoring/row_loss.hpp"

namespace nn {

struct BinaryFocalCrossentropyOptions {
  bool apply_class_balancing =
      false;                   ///< multiply by alpha where t is 1, by 1 - alpha where it's 0
  double alpha = 0.25;         ///< see there; in [0, 1]
  double gamma = 2;            ///< how much less counts what is easy; >= 0
  bool from_logits = false;    ///< the model ends without a sigmoid
  double label_smoothing = 0;  ///< e: targets are moved to (1 - e) t + e / 2
  Reduction reduction = Reduction::sum_over_batch_size;  ///< of the losses of a batch's rows
};

/// `BinaryCrossentropy` in which each number counts the less, the surer the model is of what is
/// true (Lin et al. 2017; Keras: BinaryFocalCrossentropy): for classes of which one is rare. With p
/// the probability, t the target and b(p, t) their cross-entropy as there, from probabilities or
/// exact from logits:
///     loss = (1/K) sum_k u_k^gamma b(p_k, t_k)      u = 1 - (t p + (1 - t)(1 - p))
///     dp_k = (1/K) u_k^gamma db/dp_k - (gamma/K) u_k^(gamma - 1) (2 t_k - 1) b(p_k, t_k)
///     dz_k = p_k (1 - p_k) dp_k
/// Targets   values, shaped like the result
/// Shapes    z, p, t, dz, dp [K]
/// Throws    std::invalid_argument for scores outside of 0 .. 1 where it needs probabilities, for
///           alpha or label_smoothing outside of 0 .. 1, and for a negative gamma
class BinaryFocalCrossentropy {
 public:
  static constexpr TargetKind targets = TargetKind::values;

  explicit BinaryFocalCrossentropy(const BinaryFocalCrossentropyOptions& options = {})
      : options_(options) {
    constexpr const char* where = "BinaryFocalCrossentropy";
    detail::require_smoothing(where, options.label_smoothing);
    demand(options.alpha >= 0 && options.alpha <= 1, where, "an alpha in [0, 1]", options.alpha);
    demand(options.gamma >= 0, where, "a gamma of 0 or more", options.gamma);
  }

  [[nodiscard]] static std::string name() { return "binary_focal_crossentropy"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}
        .set("apply_class_balancing", options_.apply_class_balancing)
        .set("alpha", options_.alpha)
        .set("gamma", options_.gamma)
        .set("from_logits", options_.from_logits)
        .set("label_smoothing", options_.label_smoothing)
        .set("reduction", to_string(options_.reduction));
  }
  [[nodiscard]] NN_COLD static BinaryFocalCrossentropy from_arguments(const Arguments& arguments) {
    return BinaryFocalCrossentropy{
        {.apply_class_balancing = arguments.get<bool>("apply_class_balancing"),
         .alpha = arguments.get<double>("alpha"),
         .gamma = arguments.get<double>("gamma"),
         .from_logits = arguments.get<bool>("from_logits"),
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
    detail::require_probabilities("binary_focal_crossentropy", batch);
  }

  /// See RowLoss. The gradient may take the place of the scores.
  template <Real T>
  T operator()(const ScoredRow<T>& row, T factor, T* gradient) const {
    const bool are_logits = row.are_logits || options_.from_logits;
    const auto smoothing = static_cast<T>(options_.label_smoothing);
    const auto alpha = static_cast<T>(options_.alpha);
    const T share = T(1) / static_cast<T>(row.classes);
    T sum(0);
    for (Index k = 0; k < row.classes; ++k) {
      const T t = row.values[k] * (T(1) - smoothing) + T(0.5) * smoothing;
      const T balance =
          options_.apply_class_balancing ? t * alpha + (T(1) - t) * (T(1) - alpha) : T(1);
      T slope(0);
      sum += balance * of_element(row.scores[k], t, are_logits, slope);
      if (gradient != nullptr) gradient[k] = factor * share * balance * slope;
    }
    return sum * share;
  }

 private:
  template <Real T>
  [[nodiscard]] T of_element(T score, T t, bool is_logit, T& slope) const {
    using std::exp, std::log, std::log1p, std::pow;
    T p = score, loss, loss_slope;  // of the cross-entropy
    if (is_logit) {
      const T decay = exp(score < T(0) ? score : -score);  // at most 1, so nothing overflows
      p = (score < T(0) ? decay : T(1)) / (T(1) + decay);
      loss = (score < T(0) ? T(0) : score) - score * t + log1p(decay);
      loss_slope = p - t;
    } else {
      const detail::ProbabilityLimits<T> limits;
      const T c = limits.clip(p);
      loss = -(t * log(c) + (T(1) - t) * log(T(1) - c));
      loss_slope = limits.cut(p) ? T(0) : (c - t) / (c * (T(1) - c));
    }
    const T doubt = t * (T(1) - p) + (T(1) - t) * p;  // u
    if (!(doubt > T(0))) return slope = T(0);
    const auto focus = static_cast<T>(pow(doubt, options_.gamma));
    const T focus_slope = static_cast<T>(options_.gamma) * focus / doubt * (T(1) - T(2) * t);
    slope = focus * loss_slope + focus_slope * (is_logit ? p * (T(1) - p) : T(1)) * loss;
    return focus * loss;
  }

  BinaryFocalCrossentropyOptions options_;
};

}  // namespace nn
