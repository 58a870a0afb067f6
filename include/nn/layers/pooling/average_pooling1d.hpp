// SPDX-License-Identifier: MIT
// One-dimensional average pooling layer.
#pragma once

#include <string>

#include "nn/layer/pooling/average_pooling.hpp"

namespace nn {

/// Options of AveragePooling1D, with Keras' names and defaults.
using AveragePooling1DOptions = Pooling1DOptions;

/// The mean of each window, channel by channel (Keras: AveragePooling1D).
///     y[n,i,c] = mean_u x[n, i s + u - p, c]; padded cells are not counted
/// Shapes    x [N, steps, C]   y [N, windows, C]
/// Backward  dx gets dy / cells of the window, of each window that it lies in
/// Throws    std::invalid_argument for sizes outside 1 .. 2^20;
///           ShapeError for samples that are not [steps, C], are shorter than a window or have no
///           channels
template <Real T = float>
class AveragePooling1D : public detail::AveragePooling<T, detail::SlidingWindows<1>> {
  using Windows = detail::SlidingWindows<1>;

 public:
  NN_COLD explicit AveragePooling1D(Index pool_size, const AveragePooling1DOptions& options = {})
      : detail::AveragePooling<T, Windows>("AveragePooling1D",
                                           {"AveragePooling1D", pool_size, options}) {}

  [[nodiscard]] static std::string name() { return "AveragePooling1D"; }

  [[nodiscard]] static AveragePooling1D from_arguments(const Arguments& a) {
    return AveragePooling1D(Windows::pool_size_from(a), Windows::options_from(a));
  }
};

}  // namespace nn
