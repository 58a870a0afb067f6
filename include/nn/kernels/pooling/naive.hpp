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
    const Range rows = s.rows_of(row), cols = s.columns_of(col);
    Index best = -1;
    for (Index i = rows.first; i < rows.end; ++i)
      for (Index j = cols.first; j < cols.end; ++j) {
        const Index in = (i * s.width + j) * s.channels + c;
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

/// One output row of one sample: x is the sample, y [out_width, channels] the row.
template <Real T>
void average_pooling_row(const Pooling2DShape& s, Index row, const T* x, T* y) {
  const Range rows = s.rows_of(row);
  for (Index out = 0; out < s.out_width * s.channels; ++out) {
    const Range cols = s.columns_of(out / s.channels);
    T sum(0);
    for (Index i = rows.first; i < rows.end; ++i)
      for (Index j = cols.first; j < cols.end; ++j) {
        sum += x[(i * s.width + j) * s.channels + out % s.channels];
      }
    y[out] = sum / static_cast<T>(rows.size() * cols.size());
  }
}

/// What one output row of one sample adds to dx, or, with `assign`, is the whole of in its cells.
/// dy [out_width, channels]; mask, dx [height, width, channels]; mask may be null
template <Real T>
void average_pooling_row_gradient(const Pooling2DShape& s, Index row, const T* dy, const T* mask,
                                  bool assign, T* dx) {
  const Range rows = s.rows_of(row);
  for (Index out = 0; out < s.out_width * s.channels; ++out) {
    const Range cols = s.columns_of(out / s.channels);
    const T share = dy[out] / static_cast<T>(rows.size() * cols.size());
    for (Index i = rows.first; i < rows.end; ++i)
      for (Index j = cols.first; j < cols.end; ++j) {
        const Index cell = (i * s.width + j) * s.channels + out % s.channels;
        const T before = assign ? T(0) : dx[cell];
        dx[cell] = mask != nullptr && mask[cell] <= T(0) ? before : before + share;
      }
  }
}

}  // namespace nn::kernels::naive
