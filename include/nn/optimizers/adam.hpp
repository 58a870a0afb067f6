// SPDX-License-Identifier: MIT
// Adam.
#pragma once

#include <utility>

#include "nn/optimizer/adam_rule.hpp"

namespace nn {

using AdamOptions = AdamOptionsOf<false>;

/// Adaptive moment estimation (Kingma and Ba 2015; amsgrad: Reddi, Kale and Kumar 2018), as Keras
/// has it:
///     m += (g - m)(1 - beta_1)     v += (g^2 - v)(1 - beta_2)
///     a = learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t)     w -= a m / (sqrt(v) + epsilon)
/// t counts steps from 1, once for all parameters. With amsgrad, sqrt takes the largest v so far.
/// The moments and t are in the model's parameter block; the optimizer is only the rule.
/// learning_rate and beta_1 may be schedules; beta_1^t is then a power of the step's own beta_1.
/// Options   in a brace of their own, as Adam{{.learning_rate = 0.01}}
/// Throws    std::invalid_argument for options out of their range
class Adam : public AdamRule<Adam> {
 public:
  static constexpr const char* optimizer_name = "adam";
  static constexpr const char* class_name = "Adam";

  explicit Adam(const AdamOptions& options = {}) : AdamRule(options) {}

 private:
  friend OptimizerOf<Adam>;
  explicit Adam(RuleOptimizer&& optimizer) : AdamRule(std::move(optimizer)) {}
};

}  // namespace nn
