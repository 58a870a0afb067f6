// SPDX-License-Identifier: MIT
// Stochastic gradient descent.
#pragma once

#include <cstdint>
#include <string>

#include "nn/kernels/update/update.hpp"
#include "nn/layer/parameter_block.hpp"
#include "nn/layer/weight_average.hpp"
#include "nn/schedule/hyperparameter.hpp"

namespace nn {

/// Options of SGD, with Keras' names and defaults.
struct SGDOptions {
  Hyperparameter learning_rate = 0.01;  ///< factor of the gradient in a step; >= 0
  Hyperparameter momentum = 0;          ///< share of the last move that a step keeps; in [0, 1]
  bool nesterov = false;                ///< look ahead along the momentum
  /// Keeps a running average of the weights, which `fit` ends with: see WeightAverage.
  bool use_ema = false;
  double ema_momentum = 0.99;         ///< share of the average that a step keeps; in [0, 1]
  Index ema_overwrite_frequency = 0;  ///< steps between two times that it replaces them; 0: none
};

/// Stochastic gradient descent (Robbins and Monro 1951; momentum: Polyak 1964, Nesterov 1983;
/// Sutskever et al. 2013), as Keras has it:
///     plain      w -= learning_rate g
///     momentum   m = momentum m - learning_rate g     w += m
///     nesterov   m likewise                           w += momentum m - learning_rate g
/// learning_rate and momentum may be schedules.
/// Options   in a brace of their own, as SGD{{.learning_rate = 0.1}}
/// Throws    std::invalid_argument for a rate that is negative or not finite and a momentum
///           outside [0, 1], an ema_momentum outside [0, 1] and a negative
///           ema_overwrite_frequency
class SGD {
 public:
  NN_COLD explicit SGD(const SGDOptions& options = {}) : options_(options) {
    if (options.learning_rate.is_fixed()) set_learning_rate(learning_rate());
    static_cast<void>(momentum_at(0));
    average().require_valid("SGD");
  }

  [[nodiscard]] static std::string name() { return "sgd"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    options_.learning_rate.describe(arguments, "learning_rate");
    options_.momentum.describe(arguments, "momentum");
    arguments.set("nesterov", options_.nesterov);
    average().describe(arguments);
    return arguments;
  }
  [[nodiscard]] NN_COLD static SGD from_arguments(const Arguments& arguments,
                                                  MakeSchedule make_schedule) {
    const WeightAverage average = WeightAverage::from(arguments);
    return SGD{{.learning_rate = Hyperparameter::from(arguments, "learning_rate", make_schedule),
                .momentum = Hyperparameter::from(arguments, "momentum", make_schedule),
                .nesterov = arguments.get<bool>("nesterov"),
                .use_ema = average.is_used,
                .ema_momentum = average.momentum,
                .ema_overwrite_frequency = average.overwrite_frequency}};
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
    const T* const first = block.values();
    // Moments may throw: before the step is counted.
    const auto average_step = average().step(block, block.step() + 1);
    if (momentum == 0 && options_.momentum.is_fixed()) {
      block.advance_step();
      return ParameterUpdate::of<T>([rate, average_step, first](T* w, const T* g, Index count) {
        kernels::sgd_update(count, w, g, rate);
        average_step(w - first, w, count);
      });
    }
    T* const m = block.moment(0);
    block.advance_step();
    return ParameterUpdate::of<T>(
        [rate, momentum, m, average_step, first, nesterov = options_.nesterov](T* w, const T* g,
                                                                               Index count) {
          kernels::momentum_update(count, w, g, m + (w - first), rate, momentum, nesterov);
          average_step(w - first, w, count);
        },
        first, {m, nullptr});
  }

  /// At the end of a training: the weights become their average, if there is one.
  template <Real T>
  void finalize_variable_values(ParameterBlock<T>& block) const {
    average().finalize(block);
  }

 private:
  [[nodiscard]] WeightAverage average() const {
    return {options_.use_ema, options_.ema_momentum, options_.ema_overwrite_frequency};
  }

  [[nodiscard]] double momentum_at(std::int64_t step) const {
    const double momentum = options_.momentum.at(step);
    demand(momentum >= 0 && momentum <= 1, "SGD", "a momentum from 0 to 1", momentum);
    return momentum;
  }

  SGDOptions options_;
};

}  // namespace nn
