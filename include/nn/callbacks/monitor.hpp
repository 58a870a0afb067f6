// SPDX-License-Identifier: MIT
// The value that callbacks watch, and which way it improves.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "nn/core/finite.hpp"
#include "nn/training/callback.hpp"

namespace nn {

/// Which way a monitored value improves. `automatic`: a loss downwards, a metric as it says itself.
enum class Mode { automatic, min, max };

namespace detail {

/// A value of the epochs' logs, by name, for the callback that errors name. Throws
/// `std::invalid_argument` for one that epochs don't have, or whose direction is not known: before
/// the first epoch under Mode::automatic; under another mode an earlier callback may set the value,
/// so after it.
class Monitor {
 public:
  NN_COLD Monitor(const char* where, std::string name, Mode mode, double min_delta)
      : where_(where), name_(std::move(name)), mode_(mode), min_delta_(std::abs(min_delta)) {}

  NN_COLD void on_train_begin(const FitContext& context) {
    is_known_ = context.logs.find(name_) != nullptr;
    more_is_better_ = wants_more(context);
  }
  /// Null in an epoch without validation.
  [[nodiscard]] NN_COLD const double* find(const FitContext& context) {
    const double* value = context.logs.find(name_);
    if (value == nullptr && !is_known_) reject(context.logs);
    is_known_ = true;
    return value;
  }
  [[nodiscard]] bool improves(double value, double than) const {
    return more_is_better_ ? value > than + min_delta_ : value < than - min_delta_;
  }
  /// What every other value is better than.
  [[nodiscard]] double worst() const {
    return more_is_better_ ? -infinity<double> : infinity<double>;
  }

  [[nodiscard]] bool is_known() const { return is_known_; }
  void set_known(bool is_known) { is_known_ = is_known; }

 private:
  [[nodiscard]] NN_COLD bool wants_more(const FitContext& context) const {
    if (mode_ != Mode::automatic) return mode_ == Mode::max;
    if (!is_known_) reject(context.logs);
    if (const std::optional<bool> more = context.more_is_better(name_)) return *more;
    refuse({.where = where_,
            .expected = "a monitor whose direction is known",
            .got = {"'", name_, "'"},
            .remedy = "set mode to nn::Mode::min or nn::Mode::max, or give the metric "
                      "static constexpr bool more_is_better"});
  }
  [[noreturn]] NN_COLD void reject(const Scores& logs) const {
    std::string known;
    for (const auto& [name, value] : logs) append_listed(known, name);
    const char* const remedy = name_.starts_with("val_") ? "set validation_split or validation_data"
                                                         : "add it to compile's metrics";
    const char* const other =
        mode_ == Mode::automatic ? "" : ", or set it in a callback before this one";
    refuse({.where = where_,
            .expected = {"a monitor among ", known},
            .got = {"'", name_, "'"},
            .remedy = {remedy, other}});
  }

  const char* where_;
  std::string name_;
  Mode mode_;
  double min_delta_;
  bool more_is_better_ = false;
  bool is_known_ = false;  // epochs have it
};

}  // namespace detail
}  // namespace nn
