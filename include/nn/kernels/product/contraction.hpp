// SPDX-License-Identifier: MIT
// Products of tensors along one axis of each, as products of matrices.
#pragma once

#include <algorithm>

#include "nn/kernels/middle_axis.hpp"
#include "nn/kernels/product/product.hpp"

namespace nn::kernels {

namespace detail {

/// A tensor as matrices with the lines along its axis as rows: one where the axis is the last or
/// the first, else one for each of the blocks before it.
struct LineMatrices {
  explicit LineMatrices(const MiddleAxis& tensor) : axis(tensor) {
    if (axis.inner > 1 && axis.outer > 0) count = axis.outer;
    rows = axis.num_lines() / count;
  }
  /// Matrix i, [rows, size of the axis].
  template <class T>
  [[nodiscard]] Matrix<T> of(T* data, Index i) const {
    if (axis.inner == 1) return {data, rows, axis.size};
    return {data + i * axis.size * axis.inner, rows, axis.size, 1, axis.inner};
  }

  MiddleAxis axis;
  Index count = 1;
  Index rows = 0;
};

}  // namespace detail

/// c(i, j) = the product of line i of a and line j of b.
/// Shapes  a, b as the axes say, of one size   c [lines of a, lines of b]
template <Real T>
void contract(const MiddleAxis& a_axis, const MiddleAxis& b_axis, const T* a, const T* b, T* c) {
  if (a_axis.size == 0) {  // sums of nothing, of tensors that may have no memory
    std::fill_n(c, a_axis.num_lines() * b_axis.num_lines(), T(0));
    return;
  }
  const detail::LineMatrices of_a(a_axis), of_b(b_axis);
  const Matrix<T> all(c, a_axis.num_lines(), b_axis.num_lines());
  for (Index i = 0; i < of_a.count; ++i) {
    for (Index j = 0; j < of_b.count; ++j) {
      product<T>(of_a.of(a, i), of_b.of(b, j).transposed(),
                 all.block(i * of_a.rows, j * of_b.rows, of_a.rows, of_b.rows));
    }
  }
}

/// da, the gradient of a: line i of it is the sum over j of dc(i, j) times line j of b. For db, the
/// two swap places, and dc is transposed.
/// Shapes  da, b as the axes say, of one size   dc [lines of a, lines of b]
template <Real T>
void contraction_gradient(const MiddleAxis& a_axis, const MiddleAxis& b_axis, const T* b,
                          Matrix<const T> dc, T* da) {
  if (b_axis.num_lines() == 0) {
    std::fill_n(da, a_axis.num_lines() * a_axis.size, T(0));
    return;
  }
  const detail::LineMatrices of_a(a_axis), of_b(b_axis);
  for (Index i = 0; i < of_a.count; ++i) {
    for (Index j = 0; j < of_b.count; ++j) {
      product<T>(dc.block(i * of_a.rows, j * of_b.rows, of_a.rows, of_b.rows), of_b.of(b, j),
                 of_a.of(da, i), {.accumulate = j > 0});
    }
  }
}

}  // namespace nn::kernels
