// SPDX-License-Identifier: MIT
// Stops a training run that has diverged.
#pragma once

#include "nn/training/callback.hpp"

namespace nn {

/// Ends the training after the first batch whose loss is infinite or NaN (Keras: TerminateOnNaN).
/// The epoch's line and `History::divergence` name the step and the tensor where that began.
struct TerminateOnNaN {
  static void on_batch_end(FitContext& context) {
    if (context.divergence) context.stop_training = true;
  }
};

}  // namespace nn
