// SPDX-License-Identifier: MIT
// Adam with decoupled weight decay.
#pragma once

#include <utility>

#include "nn/optimizer/adam_rule.hpp"

namespace nn {

using AdamWOptions = AdamOptionsOf<true>;

/// Adam whose weights decay apart from the gradient (Loshchilov and Hutter 2019; Keras: AdamW):
///     w -= learning_rate weight_decay w, and then the step of Adam
/// Options   in a brace of their own, as AdamW{{.weight_decay = 0.01}}
/// Throws    std::invalid_argument for options out of their range
class AdamW : public AdamRule<AdamW> {
 public:
  static constexpr const char* optimizer_name = "adamw";
  static constexpr const char* class_name = "AdamW";

  explicit AdamW(const AdamWOptions& options = {}) : AdamRule(options) {}

 private:
  friend OptimizerOf<AdamW>;
  explicit AdamW(RuleOptimizer&& optimizer) : AdamRule(std::move(optimizer)) {}
};

}  // namespace nn
