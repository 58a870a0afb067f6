// SPDX-License-Identifier: MIT
// A rectified linear unit with a slope for each element of a sample, and its gradients.
#pragma once

#include <algorithm>

#include "nn/kernels/machine/blocks.hpp"

namespace nn::kernels {

/// y = x where x > 0, else alpha x.   x, y [batch, count]   alpha [count]
template <Real T>
void prelu(Index batch, Index count, const T* x, const T* alpha, T* y) {
  for_each_row(batch, count, [=](Index n) {
    for (Index i = 0; i < count; ++i) {
      const T value = x[n * count + i];
      y[n * count + i] = value > T(0) ? value : alpha[i] * value;
    }
  });
}

/// dx = dy where x > 0, else alpha dy; slopes = the sum over the batch of dy x where x <= 0, in
/// its order. dx may be null (not wanted).
/// Shapes  x, dy, dx [batch, count]   alpha, slopes [count]
template <Real T>
void prelu_gradient(Index batch, Index count, const T* x, const T* alpha, const T* dy, T* dx,
                    T* slopes) {
  constexpr Index cols = 256;
  for_each_row(ceil_div(count, cols), batch * cols, [=](Index piece) {
    const Index first = piece * cols, end = std::min(count, first + cols);
    std::fill(slopes + first, slopes + end, T(0));
    for (Index n = 0; n < batch; ++n) {
      for (Index i = first; i < end; ++i) {
        const Index at = n * count + i;
        const T gradient = dy[at];  // read first: dx may lie on dy
        const bool is_positive = x[at] > T(0);
        slopes[i] += is_positive ? T(0) : gradient * x[at];
        if (dx != nullptr) dx[at] = is_positive ? gradient : alpha[i] * gradient;
      }
    }
  });
}

}  // namespace nn::kernels
