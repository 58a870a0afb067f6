// SPDX-License-Identifier: MIT
// Adadelta.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "nn/optimizer/rule_optimizer.hpp"

namespace nn {

/// Options of Adadelta, with Keras' names and defaults.
struct AdadeltaOptions {
  Hyperparameter learning_rate = 0.001;  ///< factor of the step; >= 0
  double rho = 0.95;                     ///< share of the means that a step keeps; in [0, 1)
  double epsilon = 1e-7;                 ///< added to both means; >= 0
  // Of all optimizers: see UpdateOptions.
  double weight_decay = 0;
  std::vector<std::string> exclude_from_weight_decay{};
  double clipvalue = 0, clipnorm = 0, global_clipnorm = 0;
  Index gradient_accumulation_steps = 0;
  bool use_ema = false;
  double ema_momentum = 0.99;
  Index ema_overwrite_frequency = 0;
};

/// Gradients scaled by how far parameters have moved lately (Zeiler 2012), as Keras has it:
///     a = rho a + (1 - rho) g^2     d = -sqrt(x + epsilon) / sqrt(a + epsilon) g
///     x = rho x + (1 - rho) d^2     w += learning_rate d
/// Options   in a brace of their own, as Adadelta{{.learning_rate = 1}}
/// Throws    std::invalid_argument for options out of their range
class Adadelta : public OptimizerOf<Adadelta> {
 public:
  static constexpr const char* optimizer_name = "adadelta";
  static constexpr const char* class_name = "Adadelta";
  static constexpr std::array numbers{Number{"rho", "a rho in [0, 1)", 0, 1, true},
                                      Number{"epsilon", "an epsilon of 0 or more"}};

  explicit Adadelta(const AdadeltaOptions& o = {}) : OptimizerOf(o, {o.rho, o.epsilon}) {}

  static void prepare(UpdateStep& step) {
    step.numbers = {step.rate, step.numbers[0], step.numbers[1]};
  }
  [[nodiscard]] static int num_moments(const RuleOptimizer&) { return 2; }
  template <Real T>
  static void update(const UpdatePiece<T>& piece) {
    using std::sqrt;
    const T rate = piece.factors[0], rho = piece.factors[1], epsilon = piece.factors[2];
    T *const a = piece.m[0], *const x = piece.m[1];
    for (Index i = 0; i < piece.count; ++i) {
      const T g = piece.g[i];
      a[i] = rho * a[i] + (T(1) - rho) * g * g;
      if (g == T(0)) {  // the roots may be of 0
        x[i] *= rho;
        continue;
      }
      const T move = -sqrt((x[i] + epsilon) / (a[i] + epsilon)) * g;
      x[i] = rho * x[i] + (T(1) - rho) * move * move;
      piece.w[i] += rate * move;
    }
  }

 private:
  friend OptimizerOf;
  using OptimizerOf::OptimizerOf;
};

}  // namespace nn
