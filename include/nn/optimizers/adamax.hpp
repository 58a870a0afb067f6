// SPDX-License-Identifier: MIT
// Adamax.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "nn/optimizer/rule_optimizer.hpp"

namespace nn {

/// Options of Adamax, with Keras' names and defaults.
struct AdamaxOptions {
  Hyperparameter learning_rate = 0.001;  ///< a parameter moves about so far in a step at most; >= 0
  double beta_1 = 0.9;                   ///< share of m that a step keeps; in [0, 1)
  double beta_2 = 0.999;                 ///< share of u that a step keeps; in [0, 1)
  double epsilon = 1e-7;                 ///< added to u, which may be 0; >= 0
  // Of all optimizers: see UpdateOptions.
  double weight_decay = 0;
  std::vector<std::string> exclude_from_weight_decay{};
  double clipvalue = 0, clipnorm = 0, global_clipnorm = 0;
  Index gradient_accumulation_steps = 0;
  bool use_ema = false;
  double ema_momentum = 0.99;
  Index ema_overwrite_frequency = 0;
};

/// Adam with the largest gradient in place of the mean square (Kingma and Ba 2015), as Keras has
/// it:
///     m += (g - m)(1 - beta_1)     u = max(beta_2 u, |g|)
///     w -= learning_rate m / ((1 - beta_1^t) (u + epsilon))
/// Options   in a brace of their own, as Adamax{{.learning_rate = 0.002}}
/// Throws    std::invalid_argument for options out of their range
class Adamax : public OptimizerOf<Adamax> {
 public:
  static constexpr const char* optimizer_name = "adamax";
  static constexpr const char* class_name = "Adamax";
  static constexpr std::array numbers{Number{"beta_1", "beta_1 in [0, 1)", 0, 1, true},
                                      Number{"beta_2", "beta_2 in [0, 1)", 0, 1, true},
                                      Number{"epsilon", "an epsilon of 0 or more"}};

  explicit Adamax(const AdamaxOptions& o = {}) : OptimizerOf(o, {o.beta_1, o.beta_2, o.epsilon}) {}

  static void prepare(UpdateStep& step) {
    const double beta_1 = step.numbers[0], beta_2 = step.numbers[1], epsilon = step.numbers[2];
    step.numbers = {step.rate / (1 - std::pow(beta_1, step.t)), 1 - beta_1, beta_2, epsilon};
  }
  [[nodiscard]] static int num_moments(const RuleOptimizer&) { return 2; }
  template <Real T>
  static void update(const UpdatePiece<T>& piece) {
    const T rate = piece.factors[0], mean_rate = piece.factors[1], beta_2 = piece.factors[2];
    const T epsilon = piece.factors[3];
    T *const m = piece.m[0], *const u = piece.m[1];
    for (Index i = 0; i < piece.count; ++i) {
      const T g = piece.g[i];
      m[i] += (g - m[i]) * mean_rate;
      const T size = g < T(0) ? -g : g, decayed = beta_2 * u[i];
      u[i] = decayed < size ? size : decayed;
      if (m[i] != T(0)) piece.w[i] -= rate * m[i] / (u[i] + epsilon);
    }
  }

 private:
  friend OptimizerOf;
  using OptimizerOf::OptimizerOf;
};

}  // namespace nn
