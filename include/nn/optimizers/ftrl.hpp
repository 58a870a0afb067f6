// SPDX-License-Identifier: MIT
// Follow the regularized leader.
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "nn/optimizer/rule_optimizer.hpp"

namespace nn {

/// Options of Ftrl, with Keras' names and defaults.
struct FtrlOptions {
  Hyperparameter learning_rate = 0.001;    ///< above 0
  double learning_rate_power = -0.5;       ///< how the rate falls with the sum of squares; <= 0
  double initial_accumulator_value = 0.1;  ///< what sums of squares start from; >= 0
  double l1_regularization_strength = 0;   ///< of |w|; >= 0
  double l2_regularization_strength = 0;   ///< of w^2; >= 0
  double l2_shrinkage_regularization_strength = 0;  ///< of w^2, through the gradient; >= 0
  double beta = 0;                                  ///< added to l2, over the rate; >= 0
  // Of all optimizers: see UpdateOptions.
  double weight_decay = 0;
  std::vector<std::string> exclude_from_weight_decay{};
  double clipvalue = 0, clipnorm = 0, global_clipnorm = 0;
  Index gradient_accumulation_steps = 0;
  bool use_ema = false;
  double ema_momentum = 0.99;
  Index ema_overwrite_frequency = 0;
};

/// Follow the regularized leader, for sparse weights (McMahan et al. 2013), as Keras has it, with
/// p = -learning_rate_power:
///     s' = s + g^2     z += g + 2 shrinkage w - (s'^p - s^p) / learning_rate w     s = s'
///     w = (clip(z, -l1, l1) - z) / (s^p / learning_rate + 2 l2 + beta / learning_rate)
/// The block keeps s without its initial value.
/// Options   in a brace of their own, as Ftrl{{.l1_regularization_strength = 0.01}}
/// Throws    std::invalid_argument for options out of their range
class Ftrl : public OptimizerOf<Ftrl> {
 public:
  static constexpr const char* optimizer_name = "ftrl";
  static constexpr const char* class_name = "Ftrl";
  static constexpr std::array numbers{
      Number{"learning_rate_power", "a learning_rate_power of 0 or less",
             std::numeric_limits<double>::lowest(), 0},
      Number{"initial_accumulator_value", "an initial_accumulator_value of 0 or more"},
      Number{"l1_regularization_strength", "an l1_regularization_strength of 0 or more"},
      Number{"l2_regularization_strength", "an l2_regularization_strength of 0 or more"},
      Number{"l2_shrinkage_regularization_strength",
             "an l2_shrinkage_regularization_strength of 0 or more"},
      Number{"beta", "a beta of 0 or more"}};

  explicit Ftrl(const FtrlOptions& o = {})
      : OptimizerOf(
            o, {o.learning_rate_power, o.initial_accumulator_value, o.l1_regularization_strength,
                o.l2_regularization_strength, o.l2_shrinkage_regularization_strength, o.beta}) {}

  static void prepare(UpdateStep& step) {
    demand(step.rate > 0, "Ftrl", "a learning_rate above 0", step.rate);
    const auto n = step.numbers;
    step.numbers = {1 / step.rate, -n[0], n[1], n[2], 2 * n[3] + n[5] / step.rate, 2 * n[4]};
  }
  [[nodiscard]] static int num_moments(const RuleOptimizer&) { return 2; }
  template <Real T>
  static void update(const UpdatePiece<T>& piece) {
    using std::pow, std::sqrt;
    const T* const f = piece.factors;
    const T inverse_rate = f[0], start = f[2], l1 = f[3];
    const auto power = static_cast<double>(f[1]);
    const auto raised = [&](T s) { return power == 0.5 ? sqrt(s) : static_cast<T>(pow(s, power)); };
    T *const s = piece.m[0], *const z = piece.m[1];
    for (Index i = 0; i < piece.count; ++i) {
      const T g = piece.g[i], before = raised(start + s[i]);
      s[i] += g * g;
      const T after = raised(start + s[i]);
      z[i] += g + f[5] * piece.w[i] - (after - before) * inverse_rate * piece.w[i];
      const T cut = z[i] > l1 ? l1 : z[i] < -l1 ? -l1 : z[i];
      const T divisor = after * inverse_rate + f[4];
      piece.w[i] = divisor > T(0) ? (cut - z[i]) / divisor : T(0);
    }
  }

 private:
  friend OptimizerOf;
  using OptimizerOf::OptimizerOf;
};

}  // namespace nn
