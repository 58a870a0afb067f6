// SPDX-License-Identifier: MIT
// The running average of weights that optimizers keep.
#pragma once

#include <algorithm>
#include <cstdint>

#include "nn/kernels/update/update.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/layer/parameter_block.hpp"

namespace nn {

/// The exponential moving average of the trained weights (Polyak and Juditsky 1992; Keras:
/// use_ema), taken by an optimizer after each step:
///     average = momentum average + (1 - momentum) w     momentum 0 at the first step
/// Every `overwrite_frequency` steps w = average, and in any case at the end of `fit`; weights
/// before that, as those that `fit` validates with, are the optimizer's own. The average is a
/// moment of the model's parameter block, so it is saved and restored with the others.
struct WeightAverage {
  bool is_used = false;
  double momentum = 0.99;
  Index overwrite_frequency = 0;  ///< 0: at the end of `fit` alone

  NN_COLD void require_valid(const char* where) const {
    demand(momentum >= 0 && momentum <= 1, where, "an ema_momentum from 0 to 1", momentum);
    demand(overwrite_frequency >= 0, where, "an ema_overwrite_frequency of 0 or more",
           overwrite_frequency);
  }
  /// Nothing where it is not used.
  NN_COLD void describe(Arguments& arguments) const {
    if (!is_used) return;
    arguments.set("use_ema", true).set("ema_momentum", momentum);
    if (overwrite_frequency > 0) arguments.set("ema_overwrite_frequency", overwrite_frequency);
  }
  [[nodiscard]] NN_COLD static WeightAverage from(const Arguments& a) {
    WeightAverage average;
    if (a.has("use_ema")) average.is_used = a.get<bool>("use_ema");
    if (a.has("ema_momentum")) average.momentum = a.get<double>("ema_momentum");
    if (a.has("ema_overwrite_frequency")) {
      average.overwrite_frequency = a.get<Index>("ema_overwrite_frequency");
    }
    return average;
  }

  /// What one step does to the average, as part of the optimizer's.
  template <Real T>
  struct Step {
    T* average = nullptr;  // of the whole block; null: there is none
    T momentum = 0;
    bool overwrites = false;

    /// For `count` weights from number i of the block on, which have been updated.
    void operator()(Index i, T* w, Index count) const {
      if (average != nullptr) {
        kernels::average_update(count, w, average + i, momentum, overwrites);
      }
    }
  };
  /// Of step number t, counted from 1. May allocate.
  template <Real T>
  [[nodiscard]] Step<T> step(ParameterBlock<T>& block, std::int64_t t) const {
    if (!is_used) return {};
    return {.average = block.moment(ParameterBlock<T>::average_moment),
            .momentum = t == 1 ? T(0) : static_cast<T>(momentum),
            .overwrites = overwrite_frequency > 0 && t % overwrite_frequency == 0};
  }

  /// w = average
  template <Real T>
  void finalize(ParameterBlock<T>& block) const {
    const auto& average = block.moments()[ParameterBlock<T>::average_moment];
    if (is_used) std::copy(average.begin(), average.end(), block.values());
  }
};

}  // namespace nn
