// SPDX-License-Identifier: MIT
// Stops a training run that no longer improves.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/core/whole_number.hpp"
#include "nn/training/callback.hpp"

namespace nn {

/// Which way a monitored value improves. `automatic`: a loss downwards, a metric as it says itself.
enum class Mode { automatic, min, max };

struct EarlyStoppingOptions {
  std::string monitor = "val_loss";
  double min_delta = 0;  ///< smaller changes don't count as improvement
  Index patience = 0;    ///< epochs without improvement before the end
  Mode mode = Mode::automatic;
  std::optional<double> baseline{};   ///< waiting starts anew only where this is beaten too
  bool restore_best_weights = false;  ///< at the end, also after the last epoch
  Index start_from_epoch = 0;         ///< earlier epochs are not looked at
};

/// Ends the training once the monitored value has not improved for `patience` epochs (Keras:
/// EarlyStopping): EarlyStopping{{.patience = 2}}.
/// Throws   std::invalid_argument for a negative patience. `fit` throws it for a monitor that its
///          epochs don't have, or whose direction is not known. Under Mode::automatic it does so
///          before the first epoch. Under another mode an earlier callback may set the value, so
///          it does so after the first.
class EarlyStopping {
 public:
  NN_COLD explicit EarlyStopping(const EarlyStoppingOptions& options = {}) : options_(options) {
    demand(options.patience >= 0, where, "a patience of 0 or more", options.patience);
  }

  NN_COLD void on_train_begin(FitContext& context) {
    is_known_ = context.logs.find(options_.monitor) != nullptr;
    more_is_better_ = wants_more(context);
    wait_ = 0;
    has_best_ = false;
    best_ = more_is_better_ ? -infinity<double> : infinity<double>;
  }

  NN_COLD void on_epoch_end(FitContext& context) {
    const double* monitored = context.logs.find(options_.monitor);
    if (monitored == nullptr && !is_known_) reject_monitor(context.logs);
    is_known_ = true;
    if (context.epoch < options_.start_from_epoch) return;
    if (monitored == nullptr) return;  // an epoch without validation
    const double value = *monitored;
    if (options_.restore_best_weights && !has_best_) keep(context);
    ++wait_;
    if (improves(value, best_)) {
      best_ = value;
      if (options_.restore_best_weights) keep(context);
      if (!options_.baseline || improves(value, *options_.baseline)) wait_ = 0;
      return;
    }
    // As in Keras, never after the first epoch.
    if (wait_ >= options_.patience && context.epoch > 0) context.stop_training = true;
  }

  /// To go on from, in a run with the same options.
  [[nodiscard]] NN_COLD std::vector<double> state() const {
    return {best_, static_cast<double>(wait_), has_best_ ? 1.0 : 0.0, is_known_ ? 1.0 : 0.0};
  }
  /// Throws `std::invalid_argument` for a list that `state` can't have given.
  NN_COLD void set_state(const std::vector<double>& state) {
    demand(state.size() == 4, where, "a state of 4 numbers", state.size());
    wait_ = whole_number(state[1], where);
    best_ = state[0];
    has_best_ = state[2] != 0;
    is_known_ = state[3] != 0;
  }

  void on_train_end(FitContext& context) const {
    if (options_.restore_best_weights) context.restore_weights();
  }

 private:
  static constexpr const char* where = "EarlyStopping";

  [[nodiscard]] NN_COLD bool wants_more(const FitContext& context) const {
    if (options_.mode != Mode::automatic) return options_.mode == Mode::max;
    if (!is_known_) reject_monitor(context.logs);
    if (const std::optional<bool> more = context.more_is_better(options_.monitor)) return *more;
    refuse({.where = where,
            .expected = "a monitor whose direction is known",
            .got = {"'", options_.monitor, "'"},
            .remedy = "set mode to nn::Mode::min or nn::Mode::max, or give the metric "
                      "static constexpr bool more_is_better"});
  }
  [[noreturn]] NN_COLD void reject_monitor(const Scores& logs) const {
    std::string known;
    for (const auto& [name, value] : logs) append_listed(known, name);
    const char* const remedy = options_.monitor.starts_with("val_")
                                   ? "set validation_split or validation_data"
                                   : "add it to compile's metrics";
    const char* const other =
        options_.mode == Mode::automatic ? "" : ", or set it in a callback before this one";
    refuse({.where = where,
            .expected = {"a monitor among ", known},
            .got = {"'", options_.monitor, "'"},
            .remedy = {remedy, other}});
  }
  [[nodiscard]] bool improves(double value, double than) const {
    const double delta = std::abs(options_.min_delta);
    return more_is_better_ ? value > than + delta : value < than - delta;
  }
  void keep(FitContext& context) {
    context.keep_weights();
    has_best_ = true;
  }

  EarlyStoppingOptions options_;
  bool more_is_better_ = false;
  bool is_known_ = false;  // epochs have the monitor
  Index wait_ = 0;
  double best_ = 0;
  bool has_best_ = false;
};

}  // namespace nn
