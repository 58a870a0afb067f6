// SPDX-License-Identifier: MIT
// A number that steers training: fixed, or a function of the step.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "nn/core/erased.hpp"
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

class Hyperparameter;
/// Makes the schedule that the arguments name and belong to. Throws `std::invalid_argument`.
using MakeSchedule = Hyperparameter (*)(const Arguments& arguments);

/// A schedule that names its constructor's arguments, and so can be saved and loaded with its
/// optimizer. One that has another schedule inside takes a `MakeSchedule` beside the arguments.
template <class S>
concept DescribedSchedule = Schedule<S> && requires(const S& schedule) {
  { S::name() } -> std::convertible_to<std::string_view>;
  { schedule.arguments() } -> std::same_as<Arguments>;
} &&(
    requires(const Arguments& arguments) {
      { S::from_arguments(arguments) } -> std::same_as<S>;
    } ||
    requires(const Arguments& arguments, MakeSchedule make_schedule) {
      { S::from_arguments(arguments, make_schedule) } -> std::same_as<S>;
    });

namespace detail {

struct ScheduleInterface {
  virtual ~ScheduleInterface() = default;
  virtual ScheduleInterface* clone() const = 0;
  virtual double at(std::int64_t step) const = 0;
  virtual std::optional<Arguments> arguments() const = 0;
};
template <class S>
struct ScheduleHolder final : ScheduleInterface {
  explicit ScheduleHolder(S held) : schedule(std::move(held)) {}
  ScheduleInterface* clone() const override { return new ScheduleHolder(schedule); }
  double at(std::int64_t step) const override { return static_cast<double>(schedule(step)); }
  NN_COLD std::optional<Arguments> arguments() const override {
    if constexpr (DescribedSchedule<S>) return schedule.arguments();
    return std::nullopt;
  }
  S schedule;
};

}  // namespace detail

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
      : schedule_(new detail::ScheduleHolder<S>(std::move(schedule))) {}

  [[nodiscard]] bool is_fixed() const { return schedule_.get() == nullptr; }

  /// The value for the update after `step` updates. Throws `std::invalid_argument` where a schedule
  /// gives a number that is negative or not finite.
  [[nodiscard, gnu::noinline]] double at(std::int64_t step) const {
    if (is_fixed()) return value_;
    const double value = schedule_->at(step);
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
    } else if (auto own = schedule_->arguments()) {
      arguments.set(name, std::move(*own));
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
  detail::Erased<detail::ScheduleInterface> schedule_;  // none: fixed
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
