// SPDX-License-Identifier: MIT
// Stochastic gradient descent.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "nn/optimizer/rule_optimizer.hpp"

namespace nn {

/// Options of SGD, with Keras' names and defaults.
struct SGDOptions {
  Hyperparameter learning_rate = 0.01;  ///< factor of the gradient in a step; >= 0
  Hyperparameter momentum = 0;          ///< share of the last move that a step keeps; in [0, 1]
  bool nesterov = false;                ///< look ahead along the momentum
  // Of all optimizers: see UpdateOptions.
  double weight_decay = 0;
  std::vector<std::string> exclude_from_weight_decay{};
  double clipvalue = 0, clipnorm = 0, global_clipnorm = 0;
  Index gradient_accumulation_steps = 0;
  bool use_ema = false;
  double ema_momentum = 0.99;
  Index ema_overwrite_frequency = 0;
};

/// Stochastic gradient descent (Robbins and Monro 1951; momentum: Polyak 1964, Nesterov 1983;
/// Sutskever et al. 2013), as Keras has it:
///     plain      w -= learning_rate g
///     momentum   m = momentum m - learning_rate g     w += m
///     nesterov   m likewise                           w += momentum m - learning_rate g
/// learning_rate and momentum may be schedules.
/// Options   in a brace of their own, as SGD{{.learning_rate = 0.1}}
/// Throws    std::invalid_argument for options out of their range
class SGD : public OptimizerOf<SGD> {
 public:
  static constexpr const char* optimizer_name = "sgd";
  static constexpr const char* class_name = "SGD";
  static constexpr const char* flag_name = "nesterov";
  static constexpr std::array numbers{Number{"momentum", "a momentum from 0 to 1", 0, 1}};

  explicit SGD(const SGDOptions& o = {}) : OptimizerOf(o, {o.momentum}, o.nesterov) {}

  static void prepare(UpdateStep& step) { step.numbers = {step.rate, step.numbers[0]}; }
  [[nodiscard]] static int num_moments(const RuleOptimizer& sgd) {
    return sgd.number(0).is_fixed() && sgd.number(0).at(0) == 0 ? 0 : 1;
  }
  template <Real T>
  static void update(const UpdatePiece<T>& piece) {
    const T rate = piece.factors[0], momentum = piece.factors[1];
    if (piece.m[0] == nullptr) {
      kernels::sgd_update(piece.count, piece.w, piece.g, rate);
    } else {
      kernels::momentum_update(piece.count, piece.w, piece.g, piece.m[0], rate, momentum,
                               piece.flag);
    }
  }

 private:
  friend OptimizerOf;
  using OptimizerOf::OptimizerOf;
};

}  // namespace nn
