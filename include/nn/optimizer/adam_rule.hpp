// SPDX-License-Identifier: MIT
// What Adam and AdamW share: all but a default.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "nn/optimizer/rule_optimizer.hpp"

namespace nn {

/// Options of Adam and AdamW, with Keras' names and defaults; the weights of AdamW decay.
template <bool decays>
struct AdamOptionsOf {
  Hyperparameter learning_rate = 0.001;  ///< a parameter moves about so far in a step at most; >= 0
  Hyperparameter beta_1 = 0.9;           ///< share of m that a step keeps; in [0, 1)
  double beta_2 = 0.999;                 ///< share of v that a step keeps; in [0, 1)
  double epsilon = 1e-7;                 ///< added to sqrt(v), which may be 0; >= 0
  bool amsgrad = false;                  ///< divide by the root of the largest v so far
  // Of all optimizers: see UpdateOptions.
  double weight_decay = decays ? 0.004 : 0;
  std::vector<std::string> exclude_from_weight_decay{};
  double clipvalue = 0, clipnorm = 0, global_clipnorm = 0;
  Index gradient_accumulation_steps = 0;
  bool use_ema = false;
  double ema_momentum = 0.99;
  Index ema_overwrite_frequency = 0;
};

/// What the optimizer O derives from, beside what OptimizerOf asks for: a name and a class name.
template <class O>
class AdamRule : public OptimizerOf<O> {
 public:
  using Number = RuleOptimizer::Number;
  static constexpr const char* flag_name = "amsgrad";
  static constexpr std::array numbers{Number{"beta_1", "beta_1 in [0, 1)", 0, 1, true},
                                      Number{"beta_2", "beta_2 in [0, 1)", 0, 1, true},
                                      Number{"epsilon", "an epsilon of 0 or more"}};

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

 protected:
  explicit AdamRule(RuleOptimizer&& optimizer) : OptimizerOf<O>(std::move(optimizer)) {}
  template <bool decays>
  explicit AdamRule(const AdamOptionsOf<decays>& o)
      : OptimizerOf<O>(o, {o.beta_1, o.beta_2, o.epsilon}, o.amsgrad) {}
};

}  // namespace nn
