// SPDX-License-Identifier: MIT
// The left operand of a matrix product: of the product's own scalar, or in bfloat16 already.
#pragma once

#include "nn/core/number_format.hpp"
#include "nn/kernels/product/matrix.hpp"

namespace nn::kernels {

/// A view of a matrix of T or, only for products in bfloat16, of one that is rounded already.
template <class T>
class Operand {
 public:
  Operand() = default;
  Operand(const Matrix<const T>& x)  // NOLINT(google-explicit-constructor): another view
      : elements_(x) {}
  Operand(const Matrix<T>& x)  // NOLINT(google-explicit-constructor): reading is always safe
      : elements_(x) {}
  explicit Operand(const Matrix<const Bfloat16>& x) : rounded_(x), is_bfloat16_(true) {}

  [[nodiscard]] bool is_bfloat16() const { return is_bfloat16_; }
  [[nodiscard]] Index rows() const { return is_bfloat16_ ? rounded_.rows : elements_.rows; }
  [[nodiscard]] Index cols() const { return is_bfloat16_ ? rounded_.cols : elements_.cols; }

  [[nodiscard]] const Matrix<const T>& elements() const {
    NN_ASSERT(!is_bfloat16_);
    return elements_;
  }
  [[nodiscard]] const Matrix<const Bfloat16>& bfloat16() const {
    NN_ASSERT(is_bfloat16_);
    return rounded_;
  }
  /// use(elements()) or use(bfloat16()).
  template <class Use>
  auto visit(const Use& use) const {
    return is_bfloat16_ ? use(rounded_) : use(elements_);
  }

  [[nodiscard]] Operand block(Index row, Index col, Index num_rows, Index num_cols) const {
    return visit([&](const auto& x) { return Operand(x.block(row, col, num_rows, num_cols)); });
  }
  [[nodiscard]] Operand transposed() const {
    return visit([](const auto& x) { return Operand(x.transposed()); });
  }

 private:
  Matrix<const T> elements_{};  // one of the two is in use
  Matrix<const Bfloat16> rounded_{};
  bool is_bfloat16_ = false;
};

}  // namespace nn::kernels
