// SPDX-License-Identifier: MIT
// Lamb.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "nn/optimizer/rule_optimizer.hpp"

namespace nn {

/// Options of Lamb, with Keras' names and defaults.
struct LambOptions {
  Hyperparameter learning_rate = 0.001;  ///< a parameter moves about so far in a step at most; >= 0
  double beta_1 = 0.9;                   ///< share of m that a step keeps; in [0, 1)
  double beta_2 = 0.999;                 ///< share of v that a step keeps; in [0, 1)
  double epsilon = 1e-7;                 ///< added to the root of v, which may be 0; >= 0
  // Of all optimizers: see UpdateOptions.
  double weight_decay = 0;
  std::vector<std::string> exclude_from_weight_decay{};
  double clipvalue = 0, clipnorm = 0, global_clipnorm = 0;
  Index gradient_accumulation_steps = 0;
  bool use_ema = false;
  double ema_momentum = 0.99;
  Index ema_overwrite_frequency = 0;
};

/// Adam whose step for each parameter tensor is as long as the tensor times the rate (You et al.
/// 2020), as Keras has it, with m and v as in Adam:
///     r = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon)
///     w -= learning_rate |w| / |r| r     where both lengths are above 0, else learning_rate r
/// It needs whole tensors, so it runs when all gradients are known.
/// Options   in a brace of their own, as Lamb{{.learning_rate = 0.01}}
/// Throws    std::invalid_argument for options out of their range
class Lamb : public OptimizerOf<Lamb> {
 public:
  static constexpr const char* optimizer_name = "lamb";
  static constexpr const char* class_name = "Lamb";
  static constexpr bool needs_tensors = true;
  static constexpr std::array numbers{Number{"beta_1", "beta_1 in [0, 1)", 0, 1, true},
                                      Number{"beta_2", "beta_2 in [0, 1)", 0, 1, true},
                                      Number{"epsilon", "an epsilon of 0 or more"}};

  explicit Lamb(const LambOptions& o = {}) : OptimizerOf(o, {o.beta_1, o.beta_2, o.epsilon}) {}

  static void prepare(UpdateStep& step) {
    const double beta_1 = step.numbers[0], beta_2 = step.numbers[1], epsilon = step.numbers[2];
    step.numbers = {step.rate,
                    1 - beta_1,
                    1 - beta_2,
                    1 / (1 - std::pow(beta_1, step.t)),
                    1 / (1 - std::pow(beta_2, step.t)),
                    epsilon};
  }
  [[nodiscard]] static int num_moments(const RuleOptimizer&) { return 2; }
  template <Real T>
  static void update(const UpdatePiece<T>& piece) {
    using std::sqrt;
    const T* const f = piece.factors;
    T *const m = piece.m[0], *const v = piece.m[1];
    const auto direction = [&](Index i) { return m[i] * f[3] / (sqrt(v[i] * f[4]) + f[5]); };
    double w_squares = 0, r_squares = 0;
    for (Index i = 0; i < piece.count; ++i) {
      const T g = piece.g[i];
      m[i] += (g - m[i]) * f[1];
      v[i] += (g * g - v[i]) * f[2];
      const auto w = static_cast<double>(piece.w[i]);
      const auto r = static_cast<double>(m[i] == T(0) ? T(0) : direction(i));
      w_squares += w * w;
      r_squares += r * r;
    }
    const bool has_both = w_squares > 0 && r_squares > 0;
    const T rate = f[0] * static_cast<T>(has_both ? std::sqrt(w_squares / r_squares) : 1);
    for (Index i = 0; i < piece.count; ++i) {
      if (m[i] != T(0)) piece.w[i] -= rate * direction(i);
    }
  }

 private:
  friend OptimizerOf;
  using OptimizerOf::OptimizerOf;
};

}  // namespace nn
