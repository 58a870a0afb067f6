// SPDX-License-Identifier: MIT
// Stops a training run that no longer improves.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nn/callbacks/monitor.hpp"
#include "nn/core/whole_number.hpp"
#include "nn/training/callback.hpp"

namespace nn {

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
  NN_COLD explicit EarlyStopping(const EarlyStoppingOptions& options = {})
      : options_(options), monitor_(where, options.monitor, options.mode, options.min_delta) {
    demand(options.patience >= 0, where, "a patience of 0 or more", options.patience);
  }

  NN_COLD void on_train_begin(FitContext& context) {
    monitor_.on_train_begin(context);
    wait_ = 0;
    has_best_ = false;
    best_ = monitor_.worst();
  }

  NN_COLD void on_epoch_end(FitContext& context) {
    const double* monitored = monitor_.find(context);
    if (context.epoch < options_.start_from_epoch) return;
    if (monitored == nullptr) return;  // an epoch without validation
    const double value = *monitored;
    if (options_.restore_best_weights && !has_best_) keep(context);
    ++wait_;
    if (monitor_.improves(value, best_)) {
      best_ = value;
      if (options_.restore_best_weights) keep(context);
      if (!options_.baseline || monitor_.improves(value, *options_.baseline)) wait_ = 0;
      return;
    }
    // As in Keras, never after the first epoch.
    if (wait_ >= options_.patience && context.epoch > 0) context.stop_training = true;
  }

  /// To go on from, in a run with the same options.
  [[nodiscard]] NN_COLD std::vector<double> state() const {
    return {best_, static_cast<double>(wait_), has_best_ ? 1.0 : 0.0,
            monitor_.is_known() ? 1.0 : 0.0};
  }
  /// Throws `std::invalid_argument` for a list that `state` can't have given.
  NN_COLD void set_state(const std::vector<double>& state) {
    demand(state.size() == 4, where, "a state of 4 numbers", state.size());
    wait_ = whole_number(state[1], where);
    best_ = state[0];
    has_best_ = state[2] != 0;
    monitor_.set_known(state[3] != 0);
  }

  void on_train_end(FitContext& context) const {
    if (options_.restore_best_weights) context.restore_weights();
  }

 private:
  static constexpr const char* where = "EarlyStopping";

  void keep(FitContext& context) {
    context.keep_weights();
    has_best_ = true;
  }

  EarlyStoppingOptions options_;
  detail::Monitor monitor_;
  Index wait_ = 0;
  double best_ = 0;
  bool has_best_ = false;
};

}  // namespace nn
