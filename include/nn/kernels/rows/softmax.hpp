// SPDX-License-Identifier: MIT
// Softmax and its logarithm over rows, their gradients, and the fusion of softmax with the
// cross-entropy of class labels. The words of this folder:
//   row      the neighbouring elements of one sample
//   logits   the row that a softmax is taken of
//   label    the number of a row's true class
#pragma once

#include <algorithm>
#include <cmath>

#include "nn/core/config.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/middle_axis.hpp"

namespace nn::kernels {

/// y = exp(x - max x) for one row; returns the sum of y, and max x in `largest`. x == y is allowed.
template <Real T>
T shifted_exponentials(Index classes, const T* x, T* y, T& largest) {
  using std::exp;
  largest = *std::max_element(x, x + classes);
  T sum = T(0);
  for (Index k = 0; k < classes; ++k) {
    y[k] = exp(x[k] - largest);  // at most 1, so nothing overflows
    sum += y[k];
  }
  return sum;
}

/// The sum that shifted_exponentials returns, for where its y is not wanted.
template <Real T>
T sum_of_shifted_exponentials(Index classes, const T* x, T& largest) {
  using std::exp;
  largest = *std::max_element(x, x + classes);
  T sum = T(0);
  for (Index k = 0; k < classes; ++k) sum += exp(x[k] - largest);
  return sum;
}

/// y_k = exp(x_k) / sum_j exp(x_j) in each row. x and y [rows, classes]; x == y is allowed.
template <Real T>
void softmax(Index rows, Index classes, const T* x, T* y) {
  for_each_row(rows, classes, [=](Index row) {
    T largest;
    T* out = y + row * classes;
    const T factor = T(1) / shifted_exponentials(classes, x + row * classes, out, largest);
    for (Index k = 0; k < classes; ++k) out[k] *= factor;
  });
}

/// dx = y (dy - sum_j dy_j y_j) in each row, with y = softmax(x). All [rows, classes]; dx == dy is
/// allowed.
template <Real T>
void softmax_gradient(Index rows, Index classes, const T* y, const T* dy, T* dx) {
  for_each_row(rows, classes, [=](Index row) {
    const Index first = row * classes;
    T inner_product = T(0);
    for (Index i = first; i < first + classes; ++i) inner_product += dy[i] * y[i];
    for (Index i = first; i < first + classes; ++i) dx[i] = y[i] * (dy[i] - inner_product);
  });
}

/// The same in each line along an axis.   x, y [axis]
template <Real T>
void softmax(const MiddleAxis& axis, const T* x, T* y) {
  if (axis.inner == 1) return softmax(axis.outer, axis.size, x, y);
  using std::exp;
  for_each_row(axis.num_lines(), axis.size, [=](Index i) {
    const Index first = axis.line(i), end = first + axis.size * axis.inner;
    T largest = x[first], sum = T(0);
    for (Index k = first; k < end; k += axis.inner) largest = largest < x[k] ? x[k] : largest;
    for (Index k = first; k < end; k += axis.inner) sum += y[k] = exp(x[k] - largest);
    for (Index k = first; k < end; k += axis.inner) y[k] = y[k] / sum;
  });
}

/// Its gradient, as that of rows.   y, dy, dx [axis]; dx == dy is allowed
template <Real T>
void softmax_gradient(const MiddleAxis& axis, const T* y, const T* dy, T* dx) {
  if (axis.inner == 1) return softmax_gradient(axis.outer, axis.size, y, dy, dx);
  for_each_row(axis.num_lines(), axis.size, [=](Index i) {
    const Index first = axis.line(i), end = first + axis.size * axis.inner;
    T product = T(0);
    for (Index k = first; k < end; k += axis.inner) product += dy[k] * y[k];
    for (Index k = first; k < end; k += axis.inner) dx[k] = y[k] * (dy[k] - product);
  });
}

/// y_k = log softmax(x)_k = x_k - max x - log sum_j exp(x_j - max x) in each row: exact where the
/// softmax rounds to 0. x and y [rows, classes]; x == y is allowed.
template <Real T>
void log_softmax(Index rows, Index classes, const T* x, T* y) {
  using std::log;
  for_each_row(rows, classes, [=](Index row) {
    const Index first = row * classes;
    T largest;
    const T log_sum = log(sum_of_shifted_exponentials(classes, x + first, largest));
    for (Index i = first; i < first + classes; ++i) y[i] = (x[i] - largest) - log_sum;
  });
}

/// dx = dy - exp(y) sum_j dy_j in each row, with y = log_softmax(x). All [rows, classes]; dx == dy
/// is allowed.
template <Real T>
void log_softmax_gradient(Index rows, Index classes, const T* y, const T* dy, T* dx) {
  using std::exp;
  for_each_row(rows, classes, [=](Index row) {
    const Index first = row * classes;
    T sum = T(0);
    for (Index i = first; i < first + classes; ++i) sum += dy[i];
    for (Index i = first; i < first + classes; ++i) dx[i] = dy[i] - exp(y[i]) * sum;
  });
}

/// Cross-entropy of a class label with the softmax of one row's logits z, taken together because
/// that is exact where the softmax alone rounds to 0:
///   loss = log sum_k exp(z_k) - z_label                  (returned)
///   dz_k = factor (softmax(z)_k - [k = label])
/// Shapes  z, dz [classes]
/// `dz` may be null (not wanted) or `z` itself. The label must be a class: that is for the caller
/// to check.
template <Real T>
T softmax_crossentropy(Index classes, const T* z, Index label, T factor, T* dz) {
  using std::log;
  NN_ASSERT(label >= 0 && label < classes);
  const T true_logit = z[label];  // read first: dz may lie on z
  T largest;
  if (dz == nullptr) {
    const T sum = sum_of_shifted_exponentials(classes, z, largest);
    return log(sum) + (largest - true_logit);
  }
  const T sum = shifted_exponentials(classes, z, dz, largest);
  for (Index k = 0; k < classes; ++k) dz[k] = factor * (dz[k] / sum);
  dz[label] -= factor;
  return log(sum) + (largest - true_logit);
}

}  // namespace nn::kernels
