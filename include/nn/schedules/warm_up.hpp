// SPDX-License-Identifier: MIT
// A learning rate that rises before another schedule begins.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "nn/core/error.hpp"
#include "nn/core/finite.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/schedule/hyperparameter.hpp"

namespace nn {

struct WarmUpOptions {
  double initial_rate = 0;  ///< of the first update
};

/// A rate that rises in a straight line to the first one of a schedule, or to a number, and then
/// follows it (Goyal et al. 2017): WarmUp{ExponentialDecay{0.1, 1000, 0.5}, 500}.
///     rate(step) = initial_rate + (schedule(0) - initial_rate) step / warmup_steps
/// and from warmup_steps on schedule(step - warmup_steps).
/// Throws    std::invalid_argument for an initial_rate that is negative or not finite, and for less
///           than 1 warmup_steps
class WarmUp {
 public:
  NN_COLD WarmUp(Hyperparameter schedule, std::int64_t warmup_steps,
                 const WarmUpOptions& options = {})
      : schedule_(std::move(schedule)), warmup_steps_(warmup_steps), options_(options) {
    demand(warmup_steps > 0, "WarmUp", "1 or more warmup_steps", warmup_steps);
    demand(options.initial_rate >= 0 && is_finite(options.initial_rate), "WarmUp",
           "a finite initial_rate of 0 or more", options.initial_rate);
  }

  [[nodiscard]] static std::string name() { return "WarmUp"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    schedule_.describe(arguments, "schedule");
    return arguments.set("warmup_steps", warmup_steps_).set("initial_rate", options_.initial_rate);
  }
  [[nodiscard]] NN_COLD static WarmUp from_arguments(const Arguments& arguments,
                                                     MakeSchedule make_schedule) {
    return {Hyperparameter::from(arguments, "schedule", make_schedule),
            arguments.get<Index>("warmup_steps"),
            {.initial_rate = arguments.get<double>("initial_rate")}};
  }

  /// The rate of the update after `step` updates.
  [[nodiscard]] double operator()(std::int64_t step) const {
    if (step >= warmup_steps_) return schedule_.at(step - warmup_steps_);
    const double share = static_cast<double>(step) / static_cast<double>(warmup_steps_);
    return options_.initial_rate + (schedule_.at(0) - options_.initial_rate) * share;
  }

 private:
  Hyperparameter schedule_;
  std::int64_t warmup_steps_;
  WarmUpOptions options_;
};

}  // namespace nn
