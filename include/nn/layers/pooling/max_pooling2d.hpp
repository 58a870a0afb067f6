// SPDX-License-Identifier: MIT
// Two-dimensional max pooling layer.
#pragma once

#include <string>

#include "nn/layer/pooling/max_pooling.hpp"

namespace nn {

/// Options of MaxPooling2D, with Keras' names and defaults.
using MaxPooling2DOptions = Pooling2DOptions;

/// The largest value of each window, channel by channel (Keras: MaxPooling2D).
///     y[n,i,j,c] = max_{u,v} x[n, i s + u - p, j s + v - p, c]; padded cells never win
/// Shapes    x [N, H, W, C]   y [N, OH, OW, C]
/// Backward  dx gets dy at the cell that won, the first in scan order where several are equal
/// Throws    std::invalid_argument for sizes outside 1 .. 2^20;
///           ShapeError for samples that are not [H, W, C], are smaller than a window or have
///           2^31 elements or more
template <Real T = float>
class MaxPooling2D : public detail::MaxPooling<T, detail::SlidingWindows<2>> {
  using Windows = detail::SlidingWindows<2>;

 public:
  NN_COLD explicit MaxPooling2D(Size2D pool_size = 2, const MaxPooling2DOptions& options = {})
      : detail::MaxPooling<T, Windows>("MaxPooling2D", {"MaxPooling2D", pool_size, options}) {}

  [[nodiscard]] static std::string name() { return "MaxPooling2D"; }

  [[nodiscard]] static MaxPooling2D from_arguments(const Arguments& a) {
    return MaxPooling2D(Windows::pool_size_from(a), Windows::options_from(a));
  }
};

}  // namespace nn
