// SPDX-License-Identifier: MIT
// Stochastic gradient descent.
#pragma once

#include <cstdint>
#include <string>

#include "nn/kernels/update/update.hpp"
#include "nn/layer/parameter_block.hpp"
#include "nn/schedule/hyperparameter.hpp"

namespace nn {

/// Options of SGD, with Keras' names and defaults.
struct SGDOptions {
  Hyperparameter learning_rate = 0.01;  ///< factor of the gradient in a step; >= 0
  Hyperparameter momentum = 0;          ///< share of the last move that a step keeps; in [0, 1]
  bool nesterov = false;                ///< look ahead along the momentum
};

/// Stochastic gradient descent (Robbins and Monro 1951; momentum: Polyak 1964, Nesterov 1983;
/// Sutskever et al. 2013), as Keras has it:
///     plain      w -= learning_rate g
///     momentum   m = momentum m - learning_rate g     w += m
///     nesterov   m likewise                           w += momentum m - learning_rate g
/// learning_rate and momentum may be schedules.
/// Options   in a brace of their own, as SGD{{.learning_rate = 0.1}}
/// Throws    std::invalid_argument for a rate that is negative or not finite and a momentum
///           outside [0, 1]
class SGD {
 public:
  NN_COLD explicit SGD(const SGDOptions& options = {}) : options_(options) {
    if (options.learning_rate.is_fixed()) set_learning_rate(learning_rate());
    static_cast<void>(momentum_at(0));
  }

  [[nodiscard]] static std::string name() { return "sgd"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    options_.learning_rate.describe(arguments, "learning_rate");
    options_.momentum.describe(arguments, "momentum");
    return arguments.set("nesterov", options_.nesterov);
  }
  [[nodiscard]] NN_COLD static SGD from_arguments(const Arguments& arguments,
                                                  MakeSchedule make_schedule) {
    return SGD{{.learning_rate = Hyperparameter::from(arguments, "learning_rate", make_schedule),
                .momentum = Hyperparameter::from(arguments, "momentum", make_schedule),
                .nesterov = arguments.get<bool>("nesterov")}};
  }
  /// The rate of the update after `step` updates.
  [[nodiscard]] double learning_rate(std::int64_t step = 0) const {
    return options_.learning_rate.at(step);
  }
  void set_learning_rate(double rate) {
    nn::set_learning_rate(options_.learning_rate, rate, "SGD");
  }

  /// Updates all values by their gradients, in one pass over memory.
  template <Real T>
  void step(ParameterBlock<T>& block) const {
    begin_step(block).apply_to_all(block.values(), block.gradients(), block.size());
  }

  /// Counts a step. Returns what it does to each parameter.
  template <Real T>
  [[nodiscard]] ParameterUpdate begin_step(ParameterBlock<T>& block) const {
    const T rate = static_cast<T>(learning_rate(block.step()));
    const T momentum = static_cast<T>(momentum_at(block.step()));
    if (momentum == 0 && options_.momentum.is_fixed()) {
      block.advance_step();
      return ParameterUpdate::of<T>(
          [rate](T* w, const T* g, Index count) { kernels::sgd_update(count, w, g, rate); });
    }
    T* const m = block.moment(0);  // may throw: before the step is counted
    block.advance_step();
    return ParameterUpdate::of<T>(
        [rate, momentum, m, first = block.values(), nesterov = options_.nesterov](T* w, const T* g,
                                                                                  Index count) {
          kernels::momentum_update(count, w, g, m + (w - first), rate, momentum, nesterov);
        },
        block.values(), {m, nullptr});
  }

 private:
  [[nodiscard]] double momentum_at(std::int64_t step) const {
    const double momentum = options_.momentum.at(step);
    demand(momentum >= 0 && momentum <= 1, "SGD", "a momentum from 0 to 1", momentum);
    return momentum;
  }

  SGDOptions options_;
};

}  // namespace nn
