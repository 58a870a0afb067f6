// SPDX-License-Identifier: MIT
// A learning rate that shrinks as one over the time.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "nn/core/error.hpp"
#include "nn/core/finite.hpp"
#include "nn/layer/arguments.hpp"

namespace nn {

struct InverseTimeDecayOptions {
  bool staircase = false;  ///< shrink once every decay_steps instead of a little at each
};

/// Inverse time decay (Keras: InverseTimeDecay):
///     rate(step) = initial_rate / (1 + decay_rate step / decay_steps)
/// With staircase step / decay_steps is rounded down.
/// Throws    std::invalid_argument for an initial_rate or decay_steps that are not positive, and a
///           negative decay_rate
class InverseTimeDecay {
 public:
  NN_COLD InverseTimeDecay(double initial_rate, std::int64_t decay_steps, double decay_rate,
                           const InverseTimeDecayOptions& options = {})
      : initial_rate_(initial_rate),
        decay_steps_(decay_steps),
        decay_rate_(decay_rate),
        options_(options) {
    constexpr const char* where = "InverseTimeDecay";
    demand(initial_rate > 0 && is_finite(initial_rate), where, "a finite positive initial_rate",
           initial_rate);
    demand(decay_steps > 0, where, "1 or more decay_steps", decay_steps);
    demand(decay_rate >= 0 && is_finite(decay_rate), where, "a finite decay_rate of 0 or more",
           decay_rate);
  }

  [[nodiscard]] static std::string name() { return "InverseTimeDecay"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}
        .set("initial_learning_rate", initial_rate_)
        .set("decay_steps", decay_steps_)
        .set("decay_rate", decay_rate_)
        .set("staircase", options_.staircase);
  }
  [[nodiscard]] NN_COLD static InverseTimeDecay from_arguments(const Arguments& arguments) {
    return {arguments.get<double>("initial_learning_rate"),
            arguments.get<Index>("decay_steps"),
            arguments.get<double>("decay_rate"),
            {.staircase = arguments.get<bool>("staircase")}};
  }

  /// The rate of the update after `step` updates.
  [[nodiscard]] double operator()(std::int64_t step) const {
    const double times = static_cast<double>(step) / static_cast<double>(decay_steps_);
    return initial_rate_ / (1 + decay_rate_ * (options_.staircase ? std::floor(times) : times));
  }

 private:
  double initial_rate_;
  std::int64_t decay_steps_;
  double decay_rate_;
  InverseTimeDecayOptions options_;
};

}  // namespace nn
