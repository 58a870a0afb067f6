// SPDX-License-Identifier: MIT
// RMSprop.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "nn/optimizer/rule_optimizer.hpp"

namespace nn {

/// Options of RMSprop, with Keras' names and defaults.
struct RMSpropOptions {
  Hyperparameter learning_rate = 0.001;  ///< a parameter moves about so far in a step; >= 0
  double rho = 0.9;                      ///< share of the means that a step keeps; in [0, 1)
  double momentum = 0;                   ///< share of the last move that a step keeps; in [0, 1]
  double epsilon = 1e-7;                 ///< added to v, which may be 0; >= 0
  bool centered = false;                 ///< divide by the deviation from the mean of g
  // Of all optimizers: see UpdateOptions.
  double weight_decay = 0;
  std::vector<std::string> exclude_from_weight_decay{};
  double clipvalue = 0, clipnorm = 0, global_clipnorm = 0;
  Index gradient_accumulation_steps = 0;
  bool use_ema = false;
  double ema_momentum = 0.99;
  Index ema_overwrite_frequency = 0;
};

/// Gradients divided by the root of their mean square (Tieleman and Hinton 2012; centered: Graves
/// 2013), as Keras has it:
///     v = rho v + (1 - rho) g^2     a = rho a + (1 - rho) g, with `centered`, else 0
///     d = learning_rate g / sqrt(v - a^2 + epsilon)     m = momentum m + d     w -= m
/// Options   in a brace of their own, as RMSprop{{.rho = 0.95}}
/// Throws    std::invalid_argument for options out of their range
class RMSprop : public OptimizerOf<RMSprop> {
 public:
  static constexpr const char* optimizer_name = "rmsprop";
  static constexpr const char* class_name = "RMSprop";
  static constexpr const char* flag_name = "centered";
  static constexpr std::array numbers{Number{"rho", "a rho in [0, 1)", 0, 1, true},
                                      Number{"momentum", "a momentum from 0 to 1", 0, 1},
                                      Number{"epsilon", "an epsilon of 0 or more"}};

  explicit RMSprop(const RMSpropOptions& o = {})
      : OptimizerOf(o, {o.rho, o.momentum, o.epsilon}, o.centered) {}

  static void prepare(UpdateStep& step) {
    const double rho = step.numbers[0], momentum = step.numbers[1], epsilon = step.numbers[2];
    step.numbers = {step.rate, rho, momentum, epsilon};
  }
  /// v, m where there is a momentum, and a behind it.
  [[nodiscard]] static int num_moments(const RuleOptimizer& rmsprop) {
    return rmsprop.flag() ? 3 : rmsprop.number(1).at(0) == 0 ? 1 : 2;
  }
  template <Real T>
  static void update(const UpdatePiece<T>& piece) {
    using std::sqrt;
    const T rate = piece.factors[0], rho = piece.factors[1], momentum = piece.factors[2];
    const T epsilon = piece.factors[3];
    const auto [v, m, a] = piece.m;
    for (Index i = 0; i < piece.count; ++i) {
      const T g = piece.g[i];
      v[i] = rho * v[i] + (T(1) - rho) * g * g;
      T variance = v[i];
      if (a != nullptr) {
        a[i] = rho * a[i] + (T(1) - rho) * g;
        variance -= a[i] * a[i];
      }
      T move = rate * g / sqrt(variance + epsilon);
      if (m != nullptr) move = m[i] = momentum * m[i] + move;
      piece.w[i] -= move;
    }
  }

 private:
  friend OptimizerOf;
  using OptimizerOf::OptimizerOf;
};

}  // namespace nn
