// SPDX-License-Identifier: MIT
// A learning rate that falls along half a cosine, again and again.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>

#include "nn/core/error.hpp"
#include "nn/core/finite.hpp"
#include "nn/layer/arguments.hpp"

namespace nn {

/// Options of CosineDecayRestarts, with Keras' defaults.
struct CosineDecayRestartsOptions {
  double t_mul = 2;  ///< each period is so many times as long as the one before
  double m_mul = 1;  ///< each period begins at so many times the rate of the one before
  double alpha = 0;  ///< the lowest rate as a share of initial_rate
};

/// Cosine decay with warm restarts (SGDR, Loshchilov and Hutter 2017; Keras: CosineDecayRestarts):
///     rate(step) = initial_rate ((1 - alpha) m_mul^i (1 + cos(pi share)) / 2 + alpha)
/// in period i, from 0, of which this share has passed. The first one has first_decay_steps.
/// Throws    std::invalid_argument for first_decay_steps below 1, an initial_rate or m_mul that is
///           negative, a t_mul below 1, and an alpha outside [0, 1]
class CosineDecayRestarts {
 public:
  NN_COLD CosineDecayRestarts(double initial_rate, std::int64_t first_decay_steps,
                              const CosineDecayRestartsOptions& options = {})
      : initial_rate_(initial_rate), first_decay_steps_(first_decay_steps), options_(options) {
    constexpr const char* where = "CosineDecayRestarts";
    demand(initial_rate >= 0 && is_finite(initial_rate), where,
           "a finite initial_rate of 0 or more", initial_rate);
    demand(first_decay_steps > 0, where, "1 or more first_decay_steps", first_decay_steps);
    demand(options.t_mul >= 1 && is_finite(options.t_mul), where, "a finite t_mul of 1 or more",
           options.t_mul);
    demand(options.m_mul >= 0 && is_finite(options.m_mul), where, "a finite m_mul of 0 or more",
           options.m_mul);
    demand(options.alpha >= 0 && options.alpha <= 1, where, "an alpha from 0 to 1", options.alpha);
  }

  [[nodiscard]] static std::string name() { return "CosineDecayRestarts"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}
        .set("initial_learning_rate", initial_rate_)
        .set("first_decay_steps", first_decay_steps_)
        .set("t_mul", options_.t_mul)
        .set("m_mul", options_.m_mul)
        .set("alpha", options_.alpha);
  }
  [[nodiscard]] NN_COLD static CosineDecayRestarts from_arguments(const Arguments& arguments) {
    return {arguments.get<double>("initial_learning_rate"),
            arguments.get<Index>("first_decay_steps"),
            {.t_mul = arguments.get<double>("t_mul"),
             .m_mul = arguments.get<double>("m_mul"),
             .alpha = arguments.get<double>("alpha")}};
  }

  /// The rate of the update after `step` updates.
  [[nodiscard]] double operator()(std::int64_t step) const {
    // In units of the first period. Where all are as long, there may be many: no loop over them.
    double past = static_cast<double>(step) / static_cast<double>(first_decay_steps_);
    double period = 0, length = 1;
    if (options_.t_mul == 1) {
      period = std::floor(past);
      past -= period;
    }
    for (; past >= length; ++period) {
      past -= length;
      length *= options_.t_mul;
    }
    const double cosine = (1 + std::cos(std::numbers::pi * past / length)) / 2;
    const double share = std::pow(options_.m_mul, period) * cosine;
    return initial_rate_ * ((1 - options_.alpha) * share + options_.alpha);
  }

 private:
  double initial_rate_;
  std::int64_t first_decay_steps_;
  CosineDecayRestartsOptions options_;
};

}  // namespace nn
