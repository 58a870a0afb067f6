// SPDX-License-Identifier: MIT
// A learning rate that shrinks by the same factor in equal times.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "nn/core/error.hpp"
#include "nn/core/finite.hpp"
#include "nn/layer/arguments.hpp"

namespace nn {

struct ExponentialDecayOptions {
  bool staircase = false;  ///< shrink once every decay_steps instead of a little at each
};

/// Exponential decay (Keras: ExponentialDecay):
///     rate(step) = initial_rate decay_rate^(step / decay_steps)
/// With staircase the exponent is rounded down.
/// Throws    std::invalid_argument for numbers that are not positive
class ExponentialDecay {
 public:
  ExponentialDecay(double initial_rate, std::int64_t decay_steps, double decay_rate,
                   const ExponentialDecayOptions& options = {})
      : initial_rate_(initial_rate),
        decay_steps_(decay_steps),
        decay_rate_(decay_rate),
        options_(options) {
    constexpr const char* where = "ExponentialDecay";
    demand(initial_rate > 0 && is_finite(initial_rate), where, "a finite positive initial_rate",
           initial_rate);
    demand(decay_steps > 0, where, "1 or more decay_steps", decay_steps);
    demand(decay_rate > 0 && is_finite(decay_rate), where, "a finite positive decay_rate",
           decay_rate);
  }

  [[nodiscard]] static std::string name() { return "ExponentialDecay"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}
        .set("initial_learning_rate", initial_rate_)
        .set("decay_steps", decay_steps_)
        .set("decay_rate", decay_rate_)
        .set("staircase", options_.staircase);
  }
  [[nodiscard]] NN_COLD static ExponentialDecay from_arguments(const Arguments& arguments) {
    return {arguments.get<double>("initial_learning_rate"),
            arguments.get<Index>("decay_steps"),
            arguments.get<double>("decay_rate"),
            {.staircase = arguments.get<bool>("staircase")}};
  }

  /// The rate of the update after `step` updates.
  [[nodiscard]] double operator()(std::int64_t step) const {
    const double times = static_cast<double>(step) / static_cast<double>(decay_steps_);
    return initial_rate_ * std::pow(decay_rate_, options_.staircase ? std::floor(times) : times);
  }

 private:
  double initial_rate_;
  std::int64_t decay_steps_;
  double decay_rate_;
  ExponentialDecayOptions options_;
};

}  // namespace nn
