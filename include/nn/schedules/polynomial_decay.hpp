// SPDX-License-Identifier: MIT
// A learning rate that falls along a power of the time that is left.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "nn/core/error.hpp"
#include "nn/core/finite.hpp"
#include "nn/layer/arguments.hpp"

namespace nn {

/// Options of PolynomialDecay, with Keras' defaults.
struct PolynomialDecayOptions {
  double end_learning_rate = 1e-4;  ///< after decay_steps
  double power = 1;                 ///< 1: a straight line
  bool cycle = false;               ///< later multiples of decay_steps are reached in the same way
};

/// Polynomial decay (Keras: PolynomialDecay):
///     rate(step) = (initial_rate - end) (1 - min(step, T) / T)^power + end,   T = decay_steps
/// With `cycle`, T is the first multiple of decay_steps that is not below step: the rate jumps up
/// each time that it has reached the end, to less and less.
/// Throws    std::invalid_argument for decay_steps below 1, negative rates and a power that is not
///           positive
class PolynomialDecay {
 public:
  NN_COLD PolynomialDecay(double initial_rate, std::int64_t decay_steps,
                          const PolynomialDecayOptions& options = {})
      : initial_rate_(initial_rate), decay_steps_(decay_steps), options_(options) {
    constexpr const char* where = "PolynomialDecay";
    const double end = options.end_learning_rate;
    demand(initial_rate >= 0 && is_finite(initial_rate), where,
           "a finite initial_rate of 0 or more", initial_rate);
    demand(decay_steps > 0, where, "1 or more decay_steps", decay_steps);
    demand(end >= 0 && is_finite(end), where, "a finite end_learning_rate of 0 or more", end);
    demand(options.power > 0 && is_finite(options.power), where, "a finite positive power",
           options.power);
  }

  [[nodiscard]] static std::string name() { return "PolynomialDecay"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}
        .set("initial_learning_rate", initial_rate_)
        .set("decay_steps", decay_steps_)
        .set("end_learning_rate", options_.end_learning_rate)
        .set("power", options_.power)
        .set("cycle", options_.cycle);
  }
  [[nodiscard]] NN_COLD static PolynomialDecay from_arguments(const Arguments& arguments) {
    return {arguments.get<double>("initial_learning_rate"),
            arguments.get<Index>("decay_steps"),
            {.end_learning_rate = arguments.get<double>("end_learning_rate"),
             .power = arguments.get<double>("power"),
             .cycle = arguments.get<bool>("cycle")}};
  }

  /// The rate of the update after `step` updates.
  [[nodiscard]] double operator()(std::int64_t step) const {
    const double times = static_cast<double>(step) / static_cast<double>(decay_steps_);
    const double share =
        options_.cycle ? times / std::max(std::ceil(times), 1.0) : std::min(times, 1.0);
    const double end = options_.end_learning_rate;
    return (initial_rate_ - end) * std::pow(1 - share, options_.power) + end;
  }

 private:
  double initial_rate_;
  std::int64_t decay_steps_;
  PolynomialDecayOptions options_;
};

}  // namespace nn
