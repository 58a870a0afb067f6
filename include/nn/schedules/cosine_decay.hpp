// SPDX-License-Identifier: MIT
// A learning rate that falls along half a cosine.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>
#include <string>

#include "nn/core/error.hpp"
#include "nn/core/finite.hpp"
#include "nn/layer/arguments.hpp"

namespace nn {

struct CosineDecayOptions {
  double alpha = 0;                          ///< the last rate as a share of the highest
  std::optional<double> warmup_target = {};  ///< the highest rate; none: initial_rate
  std::int64_t warmup_steps = 0;             ///< rising to warmup_target, before decay_steps
};

/// Cosine decay (Loshchilov and Hutter 2017; Keras: CosineDecay):
///     rate(step) = top ((1 - alpha) (1 + cos(pi min(t, T) / T)) / 2 + alpha),   T = decay_steps
/// with top = initial_rate and t = step. With a warmup_target the rate first goes in a straight
/// line from initial_rate to it, and then top = warmup_target and t = step - warmup_steps.
/// Throws    std::invalid_argument for decay_steps below 1, negative rates, an alpha outside
///           [0, 1], and warmup_steps that are negative or have no warmup_target
class CosineDecay {
 public:
  [[gnu::noinline]] CosineDecay(double initial_rate, std::int64_t decay_steps,
                                const CosineDecayOptions& options = {})
      : initial_rate_(initial_rate),
        top_(options.warmup_target.value_or(initial_rate)),
        decay_steps_(decay_steps),
        options_(options) {
    constexpr const char* where = "CosineDecay";
    demand(initial_rate >= 0 && is_finite(initial_rate), where,
           "a finite initial_rate of 0 or more", initial_rate);
    demand(decay_steps > 0, where, "1 or more decay_steps", decay_steps);
    demand(options.alpha >= 0 && options.alpha <= 1, where, "an alpha from 0 to 1", options.alpha);
    demand(top_ >= 0 && is_finite(top_), where, "a finite warmup_target of 0 or more", top_);
    demand(options.warmup_steps >= 0, where, "0 or more warmup_steps", options.warmup_steps);
    demand(options.warmup_steps == 0 || options.warmup_target, where,
           "a warmup_target for the warmup_steps", "none");
  }

  [[nodiscard]] static std::string name() { return "CosineDecay"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    arguments.set("initial_learning_rate", initial_rate_).set("decay_steps", decay_steps_);
    arguments.set("alpha", options_.alpha).set("warmup_steps", options_.warmup_steps);
    if (options_.warmup_target) arguments.set("warmup_target", *options_.warmup_target);
    return arguments;
  }
  [[nodiscard]] NN_COLD static CosineDecay from_arguments(const Arguments& arguments) {
    CosineDecayOptions options{.alpha = arguments.get<double>("alpha"),
                               .warmup_steps = arguments.get<Index>("warmup_steps")};
    if (arguments.has("warmup_target")) {
      options.warmup_target = arguments.get<double>("warmup_target");
    }
    return {arguments.get<double>("initial_learning_rate"), arguments.get<Index>("decay_steps"),
            options};
  }

  /// The rate of the update after `step` updates.
  [[nodiscard]] double operator()(std::int64_t step) const {
    const auto warmup_steps = static_cast<double>(options_.warmup_steps);
    const double past_warmup = static_cast<double>(step) - warmup_steps;
    if (past_warmup < 0) return top_ + (top_ - initial_rate_) * past_warmup / warmup_steps;
    const double share = std::min(past_warmup / static_cast<double>(decay_steps_), 1.0);
    const double cosine = (1 + std::cos(std::numbers::pi * share)) / 2;
    return top_ * ((1 - options_.alpha) * cosine + options_.alpha);
  }

 private:
  double initial_rate_;
  double top_;  // the highest rate
  std::int64_t decay_steps_;
  CosineDecayOptions options_;
};

}  // namespace nn
