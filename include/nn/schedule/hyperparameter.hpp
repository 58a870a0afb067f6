// SPDX-License-Identifier: MIT
// A number that steers training: fixed, or a function of the step.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "nn/core/error.hpp"
#include "nn/core/finite.hpp"
#include "nn/layer/arguments.hpp"

namespace nn {

/// A value for each step of training: `schedule(step)`, where step is the number of updates made
/// before, so 0 at the first. Has no state: the model counts the steps.
template <class S>
concept Schedule = std::copy_constructible<S> && requires(const S& schedule, std::int64_t step) {
  { schedule(step) } -> std::convertible_to<double>;
};

/// A schedule that names its constructor's arguments, and so can be saved and loaded with its
/// optimizer.
template <class S>
concept DescribedSchedule = Schedule<S> && requires(const S& schedule, const Arguments& arguments) {
  { S::name() } -> std::convertible_to<std::string_view>;
  { schedule.arguments() } -> std::same_as<Arguments>;
  { S::from_arguments(arguments) } -> std::same_as<S>;
};

class Hyperparameter;
/// Makes the schedule that the arguments name and belong to. Throws `std::invalid_argument`.
using MakeSchedule = Hyperparameter (*)(const Arguments& arguments);

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
  {
    if constexpr (DescribedSchedule<S>) arguments_ = schedule.arguments();
    schedule_ = [held = std::move(schedule)](std::int64_t step) {
      return static_cast<double>(held(step));
    };
  }

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

  /// Sets the argument `name` to the number, or to the schedule's name and arguments. Throws
  /// `std::invalid_argument` for a schedule that does not name its arguments.
  NN_COLD void describe(Arguments& arguments, std::string_view name) const {
    if (is_fixed()) {
      arguments.set(name, value_);
    } else if (arguments_) {
      arguments.set(name, *arguments_);
    } else {
      refuse({.where = {arguments.owner(), ", argument '", name, "'"},
              .expected = "a number, or a schedule that names its arguments",
              .got = "another schedule",
              .remedy = "give it arguments(), from_arguments() and a static name()"});
    }
  }
  /// The reverse of `describe`.
  [[nodiscard]] NN_COLD static Hyperparameter from(const Arguments& arguments,
                                                   std::string_view name,
                                                   MakeSchedule make_schedule) {
    if (!arguments.has_object(name)) return arguments.get<double>(name);
    return make_schedule(arguments.get<Arguments>(name));
  }

 private:
  double value_ = 0;
  std::function<double(std::int64_t)> schedule_;
  std::optional<Arguments> arguments_;  // of a schedule that names them
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
