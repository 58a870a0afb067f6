// SPDX-License-Identifier: MIT
// A number that steers training: fixed, or a function of the step.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <utility>

#include "nn/core/error.hpp"
#include "nn/core/finite.hpp"

namespace nn {

/// A value for each step of training: `schedule(step)`, where step is the number of updates made
/// before, so 0 at the first. Has no state: the model counts the steps.
template <class S>
concept Schedule = std::copy_constructible<S> && requires(const S& schedule, std::int64_t step) {
  { schedule(step) } -> std::convertible_to<double>;
};

/// A number of an optimizer, written as a number or as any `Schedule`:
///     nn::Adam{{.learning_rate = 1e-3}}   nn::Adam{{.learning_rate = nn::OneCycle{0.01, 235}}}
class Hyperparameter {
 public:
  Hyperparameter(double value)  // NOLINT(google-explicit-constructor): {.learning_rate = 0.1}
      : value_(value) {}
  template <class S>
  requires(!std::same_as<S, Hyperparameter>) &&
      Schedule<S> Hyperparameter(
          S schedule)  // NOLINT(google-explicit-constructor): {.learning_rate = nn::OneCycle{…}}
      : schedule_([held = std::move(schedule)](std::int64_t step) {
          return static_cast<double>(held(step));
        }) {}

  [[nodiscard]] bool is_fixed() const { return !schedule_; }

  /// The value for the update after `step` updates. Throws `std::invalid_argument` where a schedule
  /// gives a number that is negative or not finite.
  [[nodiscard, gnu::noinline]] double at(std::int64_t step) const {
    if (is_fixed()) return value_;
    const double value = schedule_(step);
    if (!(value >= 0) || !is_finite(value)) {
      refuse({"Schedule", "a finite number of 0 or more", value, {"step ", step}});
    }
    return value;
  }

 private:
  double value_ = 0;
  std::function<double(std::int64_t)> schedule_;
};

/// What `set_learning_rate` of every optimizer does. Throws `std::invalid_argument` for a rate that
/// is negative or not finite, and where the rate follows a schedule, as Keras does.
NN_COLD inline void set_learning_rate(Hyperparameter& learning_rate, double rate,
                                      const char* optimizer) {
  if (!learning_rate.is_fixed()) {
    refuse({optimizer, "a learning_rate that was given as a number", "a schedule", "",
            "a schedule can't be set; compile with a number"});
  }
  demand(rate >= 0 && is_finite(rate), optimizer, "a finite learning_rate of 0 or more", rate);
  learning_rate = rate;
}

}  // namespace nn
