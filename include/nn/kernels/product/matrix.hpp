// SPDX-License-Identifier: MIT
// A strided view of a matrix: what the product reads and writes.
#pragma once

#include <type_traits>

#include "nn/core/config.hpp"

namespace nn::kernels {

/// `rows x cols` elements, (i, j) at `data[i * row_stride + j * col_stride]`. Products take any
/// strides; packing is quickest where one of them is 1.
template <class T>
struct Matrix {
  T* data = nullptr;
  Index rows = 0;
  Index cols = 0;
  Index row_stride = 0;
  Index col_stride = 1;

  Matrix() = default;
  Matrix(T* elements, Index num_rows, Index num_cols)
      : Matrix(elements, num_rows, num_cols, num_cols, 1) {}
  Matrix(T* elements, Index num_rows, Index num_cols, Index rows_apart, Index cols_apart)
      : data(elements),
        rows(num_rows),
        cols(num_cols),
        row_stride(rows_apart),
        col_stride(cols_apart) {}
  /// A read-only view of a writable one.
  template <class Element>
  requires std::is_same_v<const Element, T> Matrix(
      const Matrix<Element>& other)  // NOLINT(google-explicit-constructor): reading is always safe
      : Matrix(other.data, other.rows, other.cols, other.row_stride, other.col_stride) {}

  [[nodiscard]] T& operator()(Index row, Index col) const {
    return data[row * row_stride + col * col_stride];
  }
  /// The part of it from (row, col) on. An empty matrix may have no data.
  [[nodiscard]] Matrix block(Index row, Index col, Index num_rows, Index num_cols) const {
    const Index offset = data == nullptr ? 0 : row * row_stride + col * col_stride;
    return {data + offset, num_rows, num_cols, row_stride, col_stride};
  }
  [[nodiscard]] Matrix transposed() const { return {data, cols, rows, col_stride, row_stride}; }
};

}  // namespace nn::kernels

namespace nn {

/// The tensor as rows of its last axis, [everything before, last axis].
template <class Map>
[[nodiscard]] auto matrix(const Map& x) {
  using Element = std::remove_pointer_t<decltype(x.data())>;
  const Index cols = x.dimension(int{Map::NumDimensions} - 1);
  return kernels::Matrix<Element>(x.data(), cols == 0 ? 0 : x.size() / cols, cols);
}

}  // namespace nn
