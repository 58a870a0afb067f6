// SPDX-License-Identifier: MIT
// One-dimensional max pooling layer.
#pragma once

#include <string>

#include "nn/layer/pooling/max_pooling.hpp"

namespace nn {

/// Options of MaxPooling1D, with Keras' names and defaults.
using MaxPooling1DOptions = Pooling1DOptions;

/// The largest value of each window, channel by channel (Keras: MaxPooling1D).
///     y[n,i,c] = max_u x[n, i s + u - p, c]; padded cells never win
/// Shapes    x [N, steps, C]   y [N, windows, C]
/// Backward  dx gets dy at the step that won, the first where several are equal
/// Throws    std::invalid_argument for sizes outside 1 .. 2^20;
///           ShapeError for samples that are not [steps, C], are shorter than a window or have
///           2^31 elements or more
template <Real T = float>
class MaxPooling1D : public detail::MaxPooling<T, detail::SlidingWindows<1>> {
  using Windows = detail::SlidingWindows<1>;

 public:
  NN_COLD explicit MaxPooling1D(Index pool_size = 2, const MaxPooling1DOptions& options = {})
      : detail::MaxPooling<T, Windows>("MaxPooling1D", {"MaxPooling1D", pool_size, options}) {}

  [[nodiscard]] static std::string name() { return "MaxPooling1D"; }

  [[nodiscard]] static MaxPooling1D from_arguments(const Arguments& a) {
    return MaxPooling1D(Windows::pool_size_from(a), Windows::options_from(a));
  }
};

}  // namespace nn
