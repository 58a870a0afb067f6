// SPDX-License-Identifier: MIT
// Nadam.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "nn/optimizer/rule_optimizer.hpp"

namespace nn {

/// Options of Nadam, with Keras' names and defaults.
struct NadamOptions {
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

/// Adam with Nesterov's look ahead (Dozat 2016), as Keras has it, with m and v as in Adam:
///     u_t = beta_1 (1 - 0.96^t / 2)     U_t = u_1 ... u_t     s = sqrt(v / (1 - beta_2^t)) +
///     epsilon w -= learning_rate (u_{t+1} m / (1 - U_{t+1}) + (1 - u_t) g / (1 - U_t)) / s
/// Options   in a brace of their own, as Nadam{{.learning_rate = 0.002}}
/// Throws    std::invalid_argument for options out of their range
class Nadam : public OptimizerOf<Nadam> {
 public:
  static constexpr const char* optimizer_name = "nadam";
  static constexpr const char* class_name = "Nadam";
  static constexpr std::array numbers{Number{"beta_1", "beta_1 in [0, 1)", 0, 1, true},
                                      Number{"beta_2", "beta_2 in [0, 1)", 0, 1, true},
                                      Number{"epsilon", "an epsilon of 0 or more"}};

  explicit Nadam(const NadamOptions& o = {}) : OptimizerOf(o, {o.beta_1, o.beta_2, o.epsilon}) {}

  static void prepare(UpdateStep& step) {
    const double beta_1 = step.numbers[0], beta_2 = step.numbers[1], epsilon = step.numbers[2];
    // U_t = beta_1^t (1 - 0.96 / 2) (1 - 0.96^2 / 2) ..., whose factors are 1 from some step on
    double power = 1, product = 1, last = 1;
    constexpr double last_power = 1e-18;
    for (double t = 1; t <= step.t && power > last_power; ++t) {
      power *= 0.96;
      last = 1 - 0.5 * power;
      product *= last;
    }
    const double next = 1 - 0.5 * 0.96 * power;
    const double all = std::pow(beta_1, step.t) * product, all_next = all * beta_1 * next;
    step.numbers = {step.rate * beta_1 * next / (1 - all_next),
                    step.rate * (1 - beta_1 * last) / (1 - all),
                    1 / (1 - std::pow(beta_2, step.t)),
                    1 - beta_1,
                    1 - beta_2,
                    epsilon};
  }
  [[nodiscard]] static int num_moments(const RuleOptimizer&) { return 2; }
  template <Real T>
  static void update(const UpdatePiece<T>& piece) {
    using std::sqrt;
    const T* const f = piece.factors;
    T *const m = piece.m[0], *const v = piece.m[1];
    for (Index i = 0; i < piece.count; ++i) {
      const T g = piece.g[i];
      m[i] += (g - m[i]) * f[3];
      v[i] += (g * g - v[i]) * f[4];
      if (v[i] != T(0)) piece.w[i] -= (f[0] * m[i] + f[1] * g) / (sqrt(v[i] * f[2]) + f[5]);
    }
  }

 private:
  friend OptimizerOf;
  using OptimizerOf::OptimizerOf;
};

}  // namespace nn
