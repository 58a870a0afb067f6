// SPDX-License-Identifier: MIT
// Copies of tensors, and of columns of matrices, on all cores.
#pragma once

#include <algorithm>
#include <type_traits>

#include "nn/core/config.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/product/matrix.hpp"

namespace nn::kernels {

/// y = x.   x, y [count]
template <Real T>
void copy(Index count, const T* x, T* y) {
  for_each_block(count, [=](Index first, Index size) { std::copy_n(x + first, size, y + first); });
}

/// y = x, where neighbours of a row lie side by side.   x, y [rows, cols]
template <Real T>
void copy_rows(Matrix<const std::type_identity_t<T>> x, Matrix<T> y) {
  NN_ASSERT(x.rows == y.rows && x.cols == y.cols && x.col_stride == 1 && y.col_stride == 1);
  if (x.row_stride == x.cols && y.row_stride == y.cols) {
    return copy(x.rows * x.cols, x.data, y.data);
  }
  for_each_row(x.rows, x.cols, [=](Index i) {
    std::copy_n(x.data + i * x.row_stride, x.cols, y.data + i * y.row_stride);
  });
}

}  // namespace nn::kernels
