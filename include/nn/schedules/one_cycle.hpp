// SPDX-License-Identifier: MIT
// The one-cycle learning rate.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>

#include "nn/core/error.hpp"
#include "nn/core/finite.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/schedule/hyperparameter.hpp"

namespace nn {

struct OneCycleOptions {
  double pct_start = 0.3;         ///< share of the steps in which the rate rises
  double div_factor = 25;         ///< max_rate / first rate
  double final_div_factor = 1e4;  ///< first rate / last rate
  double base_momentum = 0.85;    ///< of `momentum()`, where the rate is highest
  double max_momentum = 0.95;     ///< of `momentum()`, where the rate is lowest
};

/// One cycle of the learning rate: up to a rate too high for a whole training, then down to almost
/// 0 (Smith and Topin 2018; arguments and defaults of PyTorch's OneCycleLR):
///     first = max_rate / div_factor    last = first / final_div_factor
///     rise    from first to max_rate    steps 0 .. r,    r = pct_start total_steps - 1
///     fall    from max_rate to last     steps r .. total_steps - 1
/// Both go along half a cosine: from a to b, at share s of the way, b + (a - b)(1 + cos(pi s)) / 2.
/// Later steps have the last rate. total_steps is the number of updates: epochs times batches.
/// Throws    std::invalid_argument for rates and factors that are not finite and positive, steps
///           below 1, a pct_start outside [0, 1], and momenta outside [0, 1) or out of order
class OneCycle {
 public:
  OneCycle(double max_rate, std::int64_t total_steps, const OneCycleOptions& options = {})
      : max_rate_(max_rate), total_steps_(total_steps), options_(options) {
    const auto require_positive = [](double value, const char* expected) {
      demand(value > 0 && is_finite(value), "OneCycle", expected, value);
    };
    require_positive(max_rate, "a finite positive max_rate");
    demand(total_steps > 0, "OneCycle", "1 or more total_steps", total_steps);
    demand(options.pct_start >= 0 && options.pct_start <= 1, "OneCycle", "a pct_start from 0 to 1",
           options.pct_start);
    require_positive(options.div_factor, "a finite positive div_factor");
    require_positive(options.final_div_factor, "a finite positive final_div_factor");
    demand(options.base_momentum >= 0 && options.base_momentum <= options.max_momentum, "OneCycle",
           "a base_momentum from 0 to max_momentum", options.base_momentum);
    demand(options.max_momentum < 1, "OneCycle", "a max_momentum below 1", options.max_momentum);
  }

  [[nodiscard]] static std::string name() { return "OneCycle"; }
  [[nodiscard]] NN_COLD Arguments arguments() const { return arguments_of(name()); }
  [[nodiscard]] NN_COLD static OneCycle from_arguments(const Arguments& arguments) {
    return {arguments.get<double>("max_rate"),
            arguments.get<Index>("total_steps"),
            {.pct_start = arguments.get<double>("pct_start"),
             .div_factor = arguments.get<double>("div_factor"),
             .final_div_factor = arguments.get<double>("final_div_factor"),
             .base_momentum = arguments.get<double>("base_momentum"),
             .max_momentum = arguments.get<double>("max_momentum")}};
  }

  /// The rate of the update after `step` updates.
  [[nodiscard]] double operator()(std::int64_t step) const {
    const double first = max_rate_ / options_.div_factor;
    return along(step, {first, max_rate_, first / options_.final_div_factor});
  }

  /// The matching schedule for SGD's momentum or Adam's beta_1: from max_momentum down to
  /// base_momentum while the rate rises, and back up while it falls.
  [[nodiscard]] Hyperparameter momentum() const;

 private:
  friend class OneCycleMomentum;
  [[nodiscard]] NN_COLD Arguments arguments_of(const std::string& owner) const {
    return Arguments{owner}
        .set("max_rate", max_rate_)
        .set("total_steps", total_steps_)
        .set("pct_start", options_.pct_start)
        .set("div_factor", options_.div_factor)
        .set("final_div_factor", options_.final_div_factor)
        .set("base_momentum", options_.base_momentum)
        .set("max_momentum", options_.max_momentum);
  }

  struct Values {
    double first, turn, last;
  };
  [[nodiscard]] double along(std::int64_t step, const Values& values) const {
    const auto total = static_cast<double>(total_steps_);
    const double turn = options_.pct_start * total - 1, end = total - 1;
    const double now = std::min(static_cast<double>(step), end);
    if (now < turn) return between(values.first, values.turn, now / turn);
    if (turn == end) return values.turn;  // rises all the way
    return between(values.turn, values.last, (now - turn) / (end - turn));
  }
  [[nodiscard]] static double between(double from, double to, double share) {
    return to + (from - to) * (1 + std::cos(std::numbers::pi * share)) / 2;
  }

  double max_rate_;
  std::int64_t total_steps_;
  OneCycleOptions options_;
};

/// The schedule that `OneCycle::momentum` gives.
class OneCycleMomentum {
 public:
  explicit OneCycleMomentum(const OneCycle& cycle) : cycle_(cycle) {}

  [[nodiscard]] static std::string name() { return "OneCycleMomentum"; }
  [[nodiscard]] NN_COLD Arguments arguments() const { return cycle_.arguments_of(name()); }
  [[nodiscard]] NN_COLD static OneCycleMomentum from_arguments(const Arguments& arguments) {
    return OneCycleMomentum{OneCycle::from_arguments(arguments)};
  }

  /// The momentum of the update after `step` updates.
  [[nodiscard]] double operator()(std::int64_t step) const {
    const double high = cycle_.options_.max_momentum;
    return cycle_.along(step, {high, cycle_.options_.base_momentum, high});
  }

 private:
  OneCycle cycle_;
};

inline Hyperparameter OneCycle::momentum() const { return OneCycleMomentum{*this}; }

}  // namespace nn
