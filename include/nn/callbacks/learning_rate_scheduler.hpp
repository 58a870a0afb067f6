// SPDX-License-Identifier: MIT
// A learning rate for each epoch.
#pragma once

#include <concepts>
#include <functional>
#include <utility>

#include "nn/training/callback.hpp"

namespace nn {

/// Sets the learning rate at the beginning of each epoch to `schedule(epoch, rate)`, or
/// `schedule(epoch)`, with the epoch counted from 0 and the rate as it is (Keras:
/// LearningRateScheduler). The rate of each epoch is a column "learning_rate" of the history. A
/// rate for each step is a schedule of the optimizer, such as CosineDecay.
/// Throws   `fit` throws std::invalid_argument for a rate that is negative or not finite, and for
/// an
///          optimizer whose rate follows a schedule.
class LearningRateScheduler {
 public:
  template <class F>
  requires std::invocable<const F&, Index, double> || std::invocable<const F&, Index>
  explicit LearningRateScheduler(F schedule) {
    if constexpr (std::invocable<const F&, Index, double>) {
      schedule_ = std::move(schedule);
    } else {
      schedule_ = [schedule = std::move(schedule)](Index epoch, double) {
        return static_cast<double>(schedule(epoch));
      };
    }
  }

  void on_epoch_begin(FitContext& context) const {
    context.set_learning_rate(schedule_(context.epoch, context.learning_rate()));
  }
  void on_epoch_end(FitContext& context) const {
    context.logs.set("learning_rate", context.learning_rate());
  }

 private:
  std::function<double(Index, double)> schedule_;
};

}  // namespace nn
