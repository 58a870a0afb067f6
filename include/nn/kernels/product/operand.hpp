// SPDX-License-Identifier: MIT
// The left operand of a matrix product: of its own scalar, or rounded to bfloat16 already.
#pragma once

#include "nn/core/number_format.hpp"
#include "nn/kernels/product/matrix.hpp"

namespace nn::kernels {

/// A matrix whose elements lie at `data` or, only for products in bfloat16, at `short_data`; the
/// other one is null.
template <class T>
struct Operand : Matrix<const T> {
  const Bfloat16* short_data = nullptr;

  Operand() = default;
  Operand(const Matrix<const T>& x)  // NOLINT(google-explicit-constructor): is one
      : Matrix<const T>(x) {}
  Operand(const Matrix<T>& x)  // NOLINT(google-explicit-constructor): reading is always safe
      : Matrix<const T>(x) {}
  explicit Operand(const Matrix<const Bfloat16>& x)
      : Matrix<const T>(nullptr, x.rows, x.cols, x.row_stride, x.col_stride), short_data(x.data) {}

  [[nodiscard]] bool is_short() const { return short_data != nullptr; }
  /// The elements at `data`.
  [[nodiscard]] Matrix<const T> elements() const {
    NN_ASSERT(!is_short());
    return {this->data, this->rows, this->cols, this->row_stride, this->col_stride};
  }
  /// The elements at `short_data`.
  [[nodiscard]] Matrix<const Bfloat16> shorts() const {
    return {short_data, this->rows, this->cols, this->row_stride, this->col_stride};
  }

  [[nodiscard]] Operand block(Index row, Index col, Index num_rows, Index num_cols) const {
    if (is_short()) return Operand(shorts().block(row, col, num_rows, num_cols));
    return Matrix<const T>::block(row, col, num_rows, num_cols);
  }
  [[nodiscard]] Operand transposed() const {
    if (is_short()) return Operand(shorts().transposed());
    return Matrix<const T>::transposed();
  }
};

}  // namespace nn::kernels
