// SPDX-License-Identifier: MIT
// Two-dimensional average pooling layer.
#pragma once

#include <string>

#include "nn/layer/pooling/average_pooling.hpp"

namespace nn {

/// Options of AveragePooling2D, with Keras' names and defaults.
using AveragePooling2DOptions = Pooling2DOptions;

/// The mean of each window, channel by channel (Keras: AveragePooling2D).
///     y[n,i,j,c] = mean_{u,v} x[n, i s + u - p, j s + v - p, c]; padded cells are not counted
/// Shapes    x [N, H, W, C]   y [N, OH, OW, C]
/// Backward  dx gets dy / cells of the window, of each window that it lies in
/// Throws    std::invalid_argument for sizes outside 1 .. 2^20;
///           ShapeError for samples that are not [H, W, C], are smaller than a window or have no
///           channels
template <Real T = float>
class AveragePooling2D : public detail::AveragePooling<T, detail::SlidingWindows<2>> {
  using Windows = detail::SlidingWindows<2>;

 public:
  NN_COLD explicit AveragePooling2D(Size2D pool_size, const AveragePooling2DOptions& options = {})
      : detail::AveragePooling<T, Windows>("AveragePooling2D",
                                           {"AveragePooling2D", pool_size, options}) {}

  [[nodiscard]] static std::string name() { return "AveragePooling2D"; }

  [[nodiscard]] static AveragePooling2D from_arguments(const Arguments& a) {
    return AveragePooling2D(Windows::pool_size_from(a), Windows::options_from(a));
  }
};

}  // namespace nn
