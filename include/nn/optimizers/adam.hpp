// SPDX-License-Identifier: MIT
// Adam.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "nn/kernels/update/update.hpp"
#include "nn/layer/parameter_block.hpp"
#include "nn/layer/weight_average.hpp"
#include "nn/schedule/hyperparameter.hpp"

namespace nn {

/// Options of Adam, with Keras' names and defaults.
struct AdamOptions {
  Hyperparameter learning_rate = 0.001;  ///< a parameter moves about so far in a step at most; >= 0
  Hyperparameter beta_1 = 0.9;           ///< share of m that a step keeps; in [0, 1)
  double beta_2 = 0.999;                 ///< share of v that a step keeps; in [0, 1)
  double epsilon = 1e-7;                 ///< added to sqrt(v), which may be 0; >= 0
  bool amsgrad = false;                  ///< divide by the root of the largest v so far
  /// Keeps a running average of the weights, which `fit` ends with: see WeightAverage.
  bool use_ema = false;
  double ema_momentum = 0.99;         ///< share of the average that a step keeps; in [0, 1]
  Index ema_overwrite_frequency = 0;  ///< steps between two times that it replaces them; 0: none
};

/// Adaptive moment estimation (Kingma and Ba 2015; amsgrad: Reddi, Kale and Kumar 2018), as Keras
/// has it:
///     m += (g - m)(1 - beta_1)     v += (g^2 - v)(1 - beta_2)
///     a = learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t)     w -= a m / (sqrt(v) + epsilon)
/// t counts steps from 1, once for all parameters. With amsgrad, sqrt takes the largest v so far.
/// The moments and t are in the model's parameter block; the optimizer is only the rule.
/// learning_rate and beta_1 may be schedules; beta_1^t is then a power of the step's own beta_1.
/// Options   in a brace of their own, as Adam{{.learning_rate = 0.01}}
/// Throws    std::invalid_argument for a rate that is negative or not finite, betas outside
///           [0, 1), a negative epsilon, an ema_momentum outside [0, 1] and a negative
///           ema_overwrite_frequency
class Adam {
 public:
  NN_COLD explicit Adam(const AdamOptions& options = {}) : options_(options) {
    if (options.learning_rate.is_fixed()) set_learning_rate(learning_rate());
    static_cast<void>(beta_1_at(0));
    demand(options.beta_2 >= 0 && options.beta_2 < 1, "Adam", "beta_2 in [0, 1)", options.beta_2);
    demand(options.epsilon >= 0, "Adam", "an epsilon of 0 or more", options.epsilon);
    average().require_valid("Adam");
  }

  [[nodiscard]] static std::string name() { return "adam"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    options_.learning_rate.describe(arguments, "learning_rate");
    options_.beta_1.describe(arguments, "beta_1");
    arguments.set("beta_2", options_.beta_2)
        .set("epsilon", options_.epsilon)
        .set("amsgrad", options_.amsgrad);
    average().describe(arguments);
    return arguments;
  }
  [[nodiscard]] NN_COLD static Adam from_arguments(const Arguments& arguments,
                                                   MakeSchedule make_schedule) {
    const WeightAverage average = WeightAverage::from(arguments);
    return Adam{{.learning_rate = Hyperparameter::from(arguments, "learning_rate", make_schedule),
                 .beta_1 = Hyperparameter::from(arguments, "beta_1", make_schedule),
                 .beta_2 = arguments.get<double>("beta_2"),
                 .epsilon = arguments.get<double>("epsilon"),
                 .amsgrad = arguments.get<bool>("amsgrad"),
                 .use_ema = average.is_used,
                 .ema_momentum = average.momentum,
                 .ema_overwrite_frequency = average.overwrite_frequency}};
  }
  /// The rate of the update after `step` updates.
  [[nodiscard]] double learning_rate(std::int64_t step = 0) const {
    return options_.learning_rate.at(step);
  }
  void set_learning_rate(double rate) {
    nn::set_learning_rate(options_.learning_rate, rate, "Adam");
  }

  /// Updates all values by their gradients, in one pass over memory.
  template <Real T>
  void step(ParameterBlock<T>& block) const {
    begin_step(block).apply_to_all(block.values(), block.gradients(), block.size());
  }

  /// Counts a step. Returns what it does to each parameter.
  template <Real T>
  [[nodiscard]] ParameterUpdate begin_step(ParameterBlock<T>& block) const {
    const double rate = learning_rate(block.step());
    const double beta_1 = beta_1_at(block.step());
    T* m = block.moment(0);
    T* v = block.moment(1);
    T* v_max = options_.amsgrad ? block.moment(2) : nullptr;
    const auto average_step = average().step(block, block.step() + 1);  // may throw, as moments
    const auto t = static_cast<double>(block.advance_step());
    const double alpha =
        rate * std::sqrt(1 - std::pow(options_.beta_2, t)) / (1 - std::pow(beta_1, t));
    const kernels::AdamFactors<T> factors{.alpha = static_cast<T>(alpha),
                                          .one_minus_beta_1 = static_cast<T>(1 - beta_1),
                                          .one_minus_beta_2 = static_cast<T>(1 - options_.beta_2),
                                          .epsilon = static_cast<T>(options_.epsilon)};
    return ParameterUpdate::of<T>(
        [factors, m, v, v_max, average_step, first = block.values()](T* w, const T* g,
                                                                     Index count) {
          const Index i = w - first;
          kernels::adam_update(count, w, g, m + i, v + i, factors,
                               v_max == nullptr ? nullptr : v_max + i);
          average_step(i, w, count);
        },
        block.values(), {m, v});
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

  [[nodiscard]] double beta_1_at(std::int64_t step) const {
    const double beta_1 = options_.beta_1.at(step);
    demand(beta_1 >= 0 && beta_1 < 1, "Adam", "beta_1 in [0, 1)", beta_1);
    return beta_1;
  }

  AdamOptions options_;
};

}  // namespace nn
