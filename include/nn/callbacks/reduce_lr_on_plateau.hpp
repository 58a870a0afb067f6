// SPDX-License-Identifier: MIT
// Lowers the learning rate where training no longer improves.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "nn/callbacks/monitor.hpp"
#include "nn/core/whole_number.hpp"

namespace nn {

struct ReduceLROnPlateauOptions {
  std::string monitor = "val_loss";
  double factor = 0.1;  ///< of the learning rate; in [0, 1)
  Index patience = 10;  ///< epochs without improvement before it is lowered
  Mode mode = Mode::automatic;
  double min_delta = 1e-4;  ///< smaller changes don't count as improvement
  Index cooldown = 0;       ///< epochs after it was lowered in which nothing is counted
  double min_lr = 0;        ///< never below that
};

/// Multiplies the learning rate by `factor` once the monitored value has not improved for
/// `patience` epochs (Keras: ReduceLROnPlateau): ReduceLROnPlateau{{.factor = 0.5}}. The rate of
/// each epoch is a column "learning_rate" of the history.
/// Throws   std::invalid_argument for a factor outside [0, 1), a negative patience, cooldown or
///          min_lr. `fit` throws it for a monitor as EarlyStopping does, and for an optimizer whose
///          rate follows a schedule.
class ReduceLROnPlateau {
 public:
  NN_COLD explicit ReduceLROnPlateau(const ReduceLROnPlateauOptions& options = {})
      : options_(options), monitor_(where, options.monitor, options.mode, options.min_delta) {
    demand(options.factor >= 0 && options.factor < 1, where, "a factor in [0, 1)", options.factor);
    demand(options.patience >= 0, where, "a patience of 0 or more", options.patience);
    demand(options.cooldown >= 0, where, "a cooldown of 0 or more", options.cooldown);
    demand(options.min_lr >= 0, where, "a min_lr of 0 or more", options.min_lr);
  }

  NN_COLD void on_train_begin(FitContext& context) {
    monitor_.on_train_begin(context);
    context.set_learning_rate(context.learning_rate());  // refused by a schedule
    wait_ = cooldown_ = 0;
    best_ = monitor_.worst();
  }

  NN_COLD void on_epoch_end(FitContext& context) {
    const double rate = context.learning_rate();
    context.logs.set("learning_rate", rate);
    const double* const value = monitor_.find(context);
    if (value == nullptr) return;  // an epoch without validation
    if (cooldown_ > 0) {
      --cooldown_;
      wait_ = 0;
    }
    if (monitor_.improves(*value, best_)) {
      best_ = *value;
      wait_ = 0;
      return;
    }
    if (cooldown_ > 0 || ++wait_ < options_.patience || rate <= options_.min_lr) return;
    context.set_learning_rate(std::max(rate * options_.factor, options_.min_lr));
    cooldown_ = options_.cooldown;
    wait_ = 0;
  }

  /// To go on from, in a run with the same options.
  [[nodiscard]] NN_COLD std::vector<double> state() const {
    return {best_, static_cast<double>(wait_), static_cast<double>(cooldown_),
            monitor_.is_known() ? 1.0 : 0.0};
  }
  /// Throws `std::invalid_argument` for a list that `state` can't have given.
  NN_COLD void set_state(const std::vector<double>& state) {
    demand(state.size() == 4, where, "a state of 4 numbers", state.size());
    wait_ = whole_number(state[1], where);
    cooldown_ = whole_number(state[2], where);
    best_ = state[0];
    monitor_.set_known(state[3] != 0);
  }

 private:
  static constexpr const char* where = "ReduceLROnPlateau";

  ReduceLROnPlateauOptions options_;
  detail::Monitor monitor_;
  Index wait_ = 0, cooldown_ = 0;
  double best_ = 0;
};

}  // namespace nn
