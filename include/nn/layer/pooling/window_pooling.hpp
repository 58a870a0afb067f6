// SPDX-License-Identifier: MIT
// What all layers share that pool windows.
#pragma once

#include "nn/layer/pooling/pooling_windows.hpp"

namespace nn::detail {

/// Shapes and arguments. Windows are `SlidingWindows` or `SharedWindows`.
template <Real T, class Windows>
class WindowPooling {
 public:
  using Scalar = T;
  static constexpr int input_rank = Windows::axes + 2;
  static constexpr int output_rank = Windows::axes + 2;

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    return windows_.output_shape(layer_, input);
  }
  [[nodiscard]] Arguments arguments() const { return windows_.arguments(layer_); }

 protected:
  using In = ConstTensorMap<T, Windows::axes + 2>;
  using Out = TensorMap<T, Windows::axes + 2>;

  WindowPooling(const char* layer, const Windows& windows) : layer_(layer), windows_(windows) {}

  const char* layer_;
  Windows windows_;
};

}  // namespace nn::detail
