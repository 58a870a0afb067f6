// SPDX-License-Identifier: MIT
// Lion.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "nn/optimizer/rule_optimizer.hpp"

namespace nn {

/// Options of Lion, with Keras' names and defaults.
struct LionOptions {
  Hyperparameter learning_rate = 0.001;  ///< how far each parameter moves in a step; >= 0
  double beta_1 = 0.9;                   ///< share of m in a step; in [0, 1)
  double beta_2 = 0.99;                  ///< share of m that a step keeps; in [0, 1)
  // Of all optimizers: see UpdateOptions.
  double weight_decay = 0;
  std::vector<std::string> exclude_from_weight_decay{};
  double clipvalue = 0, clipnorm = 0, global_clipnorm = 0;
  Index gradient_accumulation_steps = 0;
  bool use_ema = false;
  double ema_momentum = 0.99;
  Index ema_overwrite_frequency = 0;
};

/// Steps of one size along the sign of the mean gradient (Chen et al. 2023), as Keras has it:
///     w -= learning_rate sign(beta_1 m + (1 - beta_1) g)     m = beta_2 m + (1 - beta_2) g
/// Options   in a brace of their own, as Lion{{.learning_rate = 0.0001}}
/// Throws    std::invalid_argument for options out of their range
class Lion : public OptimizerOf<Lion> {
 public:
  static constexpr const char* optimizer_name = "lion";
  static constexpr const char* class_name = "Lion";
  static constexpr std::array numbers{Number{"beta_1", "beta_1 in [0, 1)", 0, 1, true},
                                      Number{"beta_2", "beta_2 in [0, 1)", 0, 1, true}};

  explicit Lion(const LionOptions& o = {}) : OptimizerOf(o, {o.beta_1, o.beta_2}) {}

  static void prepare(UpdateStep& step) {
    step.numbers = {step.rate, step.numbers[0], step.numbers[1]};
  }
  [[nodiscard]] static int num_moments(const RuleOptimizer&) { return 1; }
  template <Real T>
  static void update(const UpdatePiece<T>& piece) {
    const T rate = piece.factors[0], beta_1 = piece.factors[1], beta_2 = piece.factors[2];
    T* const m = piece.m[0];
    for (Index i = 0; i < piece.count; ++i) {
      const T g = piece.g[i], mean = beta_1 * m[i] + (T(1) - beta_1) * g;
      piece.w[i] -= mean > T(0) ? rate : mean < T(0) ? -rate : T(0);
      m[i] = beta_2 * m[i] + (T(1) - beta_2) * g;
    }
  }

 private:
  friend OptimizerOf;
  using OptimizerOf::OptimizerOf;
};

}  // namespace nn
