// SPDX-License-Identifier: MIT
// Adagrad.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "nn/optimizer/rule_optimizer.hpp"

namespace nn {

/// Options of Adagrad, with Keras' names and defaults.
struct AdagradOptions {
  Hyperparameter learning_rate = 0.001;    ///< factor of the step; >= 0
  double initial_accumulator_value = 0.1;  ///< what sums of squares start from; >= 0
  double epsilon = 1e-7;                   ///< added to the sum of squares; >= 0
  // Of all optimizers: see UpdateOptions.
  double weight_decay = 0;
  std::vector<std::string> exclude_from_weight_decay{};
  double clipvalue = 0, clipnorm = 0, global_clipnorm = 0;
  Index gradient_accumulation_steps = 0;
  bool use_ema = false;
  double ema_momentum = 0.99;
  Index ema_overwrite_frequency = 0;
};

/// Gradients divided by the root of the sum of all their squares (Duchi, Hazan and Singer 2011), as
/// Keras has it:
///     s += g^2     w -= learning_rate g / sqrt(s + epsilon)
/// The block keeps s without its initial value.
/// Options   in a brace of their own, as Adagrad{{.learning_rate = 0.1}}
/// Throws    std::invalid_argument for options out of their range
class Adagrad : public OptimizerOf<Adagrad> {
 public:
  static constexpr const char* optimizer_name = "adagrad";
  static constexpr const char* class_name = "Adagrad";
  static constexpr std::array numbers{
      Number{"initial_accumulator_value", "an initial_accumulator_value of 0 or more"},
      Number{"epsilon", "an epsilon of 0 or more"}};

  explicit Adagrad(const AdagradOptions& o = {})
      : OptimizerOf(o, {o.initial_accumulator_value, o.epsilon}) {}

  static void prepare(UpdateStep& step) {
    step.numbers = {step.rate, step.numbers[0] + step.numbers[1]};
  }
  [[nodiscard]] static int num_moments(const RuleOptimizer&) { return 1; }
  template <Real T>
  static void update(const UpdatePiece<T>& piece) {
    using std::sqrt;
    const T rate = piece.factors[0], least = piece.factors[1];
    T* const s = piece.m[0];
    for (Index i = 0; i < piece.count; ++i) {
      const T g = piece.g[i];
      s[i] += g * g;
      if (g != T(0)) piece.w[i] -= rate * g / sqrt(s[i] + least);  // a root that may be of 0
    }
  }

 private:
  friend OptimizerOf;
  using OptimizerOf::OptimizerOf;
};

}  // namespace nn
