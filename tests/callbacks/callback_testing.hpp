// SPDX-License-Identifier: MIT
// A small training run for callbacks that write files.
#pragma once

#include <cstdint>
#include <utility>

#include "nn/sequential.hpp"

namespace nn::testing {

/// Trains a small network for some epochs of 2 batches, with validation if it is asked for.
[[nodiscard]] inline History train_with(Callback callback, int epochs, bool validates = true) {
  Tensor<float, 2> x(8, 2);
  Labels y(8);
  for (Index i = 0; i < 8; ++i) {
    x(i, 0) = static_cast<float>(i % 2);
    x(i, 1) = static_cast<float>(i) / 8;
    y(i) = static_cast<std::int32_t>(i % 2);
  }
  Sequential model{Dense{2, {.activation = Activation::softmax}}};
  model.build({2}, {.seed = 7});
  model.compile(SGD{{.learning_rate = 0.5}}, SparseCategoricalCrossentropy{}, {Accuracy{}});
  FitOptions options{.batch_size = 4,
                     .epochs = epochs,
                     .verbose = Verbose::silent,
                     .callbacks = {std::move(callback)}};
  if (validates) options.validation_data = {x, y};
  return model.fit(x, y, options);
}

}  // namespace nn::testing
