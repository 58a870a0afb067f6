// SPDX-License-Identifier: MIT
// The largest values of the columns of several matrices, and their gradient.
#pragma once

#include <algorithm>

#include "nn/kernels/machine/blocks.hpp"

namespace nn::kernels {

/// y = the maximum of each column; a NaN counts as larger than any number.
/// Shapes  x [batch, rows, cols]   y [batch, cols]
template <Real T>
void column_maxima(Index batch, Index rows, Index cols, const T* x, T* y) {
  for_each_row(batch, rows * cols, [=](Index n) {
    const T* from = x + n * rows * cols;
    T* const best = y + n * cols;
    std::copy_n(from, cols, best);
    for (Index row = 1; row < rows; ++row) {
      from += cols;
      for (Index c = 0; c < cols; ++c) {
        const bool keeps = from[c] <= best[c] || best[c] != best[c];
        best[c] = keeps ? best[c] : from[c];
      }
    }
  });
}

/// dx = dy at the maximum of each column, in equal shares where several elements are equal; dy is
/// changed.
/// Shapes  x, dx [batch, rows, cols]   y, dy [batch, cols]
template <Real T>
void column_maxima_gradient(Index batch, Index rows, Index cols, const T* x, const T* y, T* dy,
                            T* dx) {
  for_each_row(batch, rows * cols, [=](Index n) {
    const T* const from = x + n * rows * cols;
    const T* const best = y + n * cols;
    T *const share = dy + n * cols, *const to = dx + n * rows * cols;
    for (Index c = 0; c < cols; ++c) to[c] = T(from[c] == best[c] ? 1 : 0);  // how many are equal
    for (Index row = 1; row < rows; ++row) {
      for (Index c = 0; c < cols; ++c) to[c] += T(from[row * cols + c] == best[c] ? 1 : 0);
    }
    for (Index c = 0; c < cols; ++c) share[c] = share[c] / to[c];
    for (Index i = 0; i < rows; ++i) {
      for (Index c = 0; c < cols; ++c) {
        to[i * cols + c] = from[i * cols + c] == best[c] ? share[c] : T(0);
      }
    }
  });
}

}  // namespace nn::kernels
