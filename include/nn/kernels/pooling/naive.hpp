// SPDX-License-Identifier: MIT
// Pooling in the plainest loops: the twin that the fast kernels are tested against.
#pragma once

#include <algorithm>
#include <cstdint>

#include "nn/core/config.hpp"
#include "nn/kernels/elementwise/formulas.hpp"
#include "nn/kernels/window_shape.hpp"

namespace nn::kernels::naive {

/// One output row of one sample: x is the sample, y and argmax [out_width, channels] the row.
template <Real T>
void max_pooling_row(const Pooling2DShape& s, Index row, const T* x, bool rectify, T* y,
                     std::int32_t* argmax) {
  for (Index out = 0; out < s.out_width * s.channels; ++out) {
    const Index col = out / s.channels, c = out % s.channels;
    Index best = -1;
    for (Index i = 0; i < s.pool_height; ++i)
      for (Index j = 0; j < s.pool_width; ++j) {
        const Index in_row = row * s.stride_height + i - s.pad_top;
        const Index in_col = col * s.stride_width + j - s.pad_left;
        if (in_row < 0 || in_row >= s.height || in_col < 0 || in_col >= s.width) continue;
        const Index in = (in_row * s.width + in_col) * s.channels + c;
        const bool is_better =
            best < 0 || x[in] > x[best] || (x[in] != x[in] && x[best] == x[best]);
        if (is_better) best = in;
      }
    y[out] = rectify ? activate(Activation::relu, x[best]) : x[best];
    if (rectify && !(x[best] > T(0))) best = -1;
    if (argmax != nullptr) argmax[out] = static_cast<std::int32_t>(best);
  }
}

/// All of one sample: dy, argmax [out_height, out_width, channels]; dx [height, width, channels].
template <Real T>
void max_pooling_sample_gradient(const Pooling2DShape& s, const T* dy, const std::int32_t* argmax,
                                 T* dx) {
  std::fill(dx, dx + s.input_size(), T(0));
  for (Index out = 0; out < s.output_size(); ++out) {
    if (argmax[out] >= 0) dx[argmax[out]] += dy[out];
  }
}

}  // namespace nn::kernels::naive
