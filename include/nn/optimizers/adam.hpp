// SPDX-License-Identifier: MIT
// Adam.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "nn/optimizer/rule_optimizer.hpp"

namespace nn {

/// Options of Adam, with Keras' names and defaults.
struct AdamOptions {
  Hyperparameter learning_rate = 0.001;  ///< a parameter moves about so far in a step at most; >= 0
  Hyperparameter beta_1 = 0.9;           ///< share of m that a step keeps; in [0, 1)
  double beta_2 = 0.999;                 ///< share of v that a step keeps; in [0, 1)
  double epsilon = 1e-7;                 ///< added to sqrt(v), which may be 0; >= 0
  bool amsgrad = false;                  ///< divide by the root of the largest v so far
  // Of all optimizers: see UpdateOptions.
  double weight_decay = 0;
  std::vector<std::string> exclude_from_weight_decay{};
  double clipvalue = 0, clipnorm = 0, global_clipnorm = 0;
  Index gradient_accumulation_steps = 0;
  bool use_ema = false;
  double ema_momentum = 0.99;
  Index ema_overwrite_frequency = 0;
};

/// Adaptive moment estimation (Kingma and Ba 2015; amsgrad: Reddi, Kale and Kumar 2018), as Keras
/// has it:
///     m += (g - m)(1 - beta_1)     v += (g^2 - v)(1 - beta_2)
///     a = learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t)     w -= a m / (sqrt(v) + epsilon)
/// t counts steps from 1, once for all parameters. With amsgrad, sqrt takes the largest v so far.
/// The moments and t are in the model's parameter block; the optimizer is only the rule.
/// learning_rate and beta_1 may be schedules; beta_1^t is then a power of the step's own beta_1.
/// Options   in a brace of their own, as Adam{{.learning_rate = 0.01}}
/// Throws    std::invalid_argument for options out of their range
class Adam : public OptimizerOf<Adam> {
 public:
  static constexpr const char* optimizer_name = "adam";
  static constexpr const char* class_name = "Adam";
  static constexpr const char* flag_name = "amsgrad";
  static constexpr std::array numbers{Number{"beta_1", "beta_1 in [0, 1)", 0, 1, true},
                                      Number{"beta_2", "beta_2 in [0, 1)", 0, 1, true},
                                      Number{"epsilon", "an epsilon of 0 or more"}};

  explicit Adam(const AdamOptions& o = {})
      : OptimizerOf(o, {o.beta_1, o.beta_2, o.epsilon}, o.amsgrad) {}

  static void prepare(UpdateStep& step) {
    const double beta_1 = step.numbers[0], beta_2 = step.numbers[1], epsilon = step.numbers[2];
    const double alpha =
        step.rate * std::sqrt(1 - std::pow(beta_2, step.t)) / (1 - std::pow(beta_1, step.t));
    step.numbers = {alpha, 1 - beta_1, 1 - beta_2, epsilon};
  }
  [[nodiscard]] static int num_moments(const RuleOptimizer& adam) { return adam.flag() ? 3 : 2; }
  template <Real T>
  static void update(const UpdatePiece<T>& piece) {
    const T* const f = piece.factors;
    kernels::adam_update(piece.count, piece.w, piece.g, piece.m[0], piece.m[1],
                         kernels::AdamFactors<T>{f[0], f[1], f[2], f[3]}, piece.m[2]);
  }

 private:
  friend OptimizerOf;
  using OptimizerOf::OptimizerOf;
};

}  // namespace nn
