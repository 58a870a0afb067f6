// SPDX-License-Identifier: MIT
// The nearest matrix whose singular values are all about 1.
#pragma once

#include <algorithm>
#include <cmath>

#include "nn/kernels/machine/scratch.hpp"
#include "nn/kernels/product/product.hpp"

namespace nn::kernels {

/// Writes to y what x = U S V^T becomes as its singular values S are drawn towards 1: some value
/// between 0.7 and 1.2. By `steps` of the iteration of Newton and Schulz with a polynomial of
/// degree 5 that rises steeply at 0 (Jordan et al. 2024):
///     X = x / max(|x|, epsilon)     A = X X^T     X = 3.4445 X + (-4.775 A + 2.0315 A A) X
/// In all 4 rows cols min(rows, cols) steps multiply-adds, on all threads.   x, y [rows, cols]
template <Real T>
NN_COLD void orthogonalize(Index rows, Index cols, const T* x, T epsilon, int steps, T* y) {
  using std::sqrt;
  constexpr double a = 3.4445, b = -4.775, c = 2.0315;
  const Index count = rows * cols, n = std::min(rows, cols);
  double squares = 0;
  for (Index i = 0; i < count; ++i)
    squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  const T scale = T(1) / std::max(static_cast<T>(sqrt(squares)), epsilon);
  for (Index i = 0; i < count; ++i) y[i] = x[i] * scale;
  const Scratch<T> memory(ScratchUse::orthogonalized, count + 2 * n * n);
  T *const gram = memory.data(), *const polynomial = gram + n * n, *const next = gram + 2 * n * n;
  // The side of the smaller matrix A
  const auto lying = [&](T* elements) {
    const Matrix<T> matrix(elements, rows, cols);
    return rows <= cols ? matrix : matrix.transposed();
  };
  const Matrix<T> X = lying(y), A(gram, n, n), P(polynomial, n, n);
  for (int step = 0; step < steps; ++step) {
    product<T>(Matrix<const T>(X), X.transposed(), A, {});
    product<T>(Matrix<const T>(A), A, P, {});
    for (Index i = 0; i < n * n; ++i) polynomial[i] = T(b) * gram[i] + T(c) * polynomial[i];
    product<T>(Matrix<const T>(P), X, lying(next), {});
    for (Index i = 0; i < count; ++i) y[i] = T(a) * y[i] + next[i];
  }
}

}  // namespace nn::kernels
