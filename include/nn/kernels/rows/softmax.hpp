// SPDX-License-Identifier: MIT
// Softmax over rows, its gradient, and its fusion with the cross-entropy of class labels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "nn/core/config.hpp"
#include "nn/kernels/machine/blocks.hpp"

namespace nn::kernels {

namespace detail {

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

}  // namespace detail

/// y_k = exp(x_k) / sum_j exp(x_j) in each row. x and y [rows, classes]; x == y is allowed.
template <Real T>
void softmax(Index rows, Index classes, const T* x, T* y) {
  for_each_row(rows, classes, [=](Index row) {
    T largest;
    T* out = y + row * classes;
    const T factor = T(1) / detail::shifted_exponentials(classes, x + row * classes, out, largest);
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

/// Cross-entropy of class labels with the softmax of logits z, taken together because that is exact
/// where the softmax alone rounds to 0:
///   row_losses[i] = weights[i] (log sum_k exp(z_ik) - z_i,label)
///   dlogits_ik    = weights[i] scale (softmax(z_i)_k - [k = label])
/// Shapes  logits, dlogits [rows, classes]   labels, weights, row_losses [rows]
/// `weights` may be null (all 1), and `dlogits` null (not wanted) or `logits` itself. Labels must
/// be classes: that is for the caller to check.
template <Real T>
void softmax_crossentropy(Index rows, Index classes, const T* logits, const std::int32_t* labels,
                          const std::type_identity_t<T>* weights, std::type_identity_t<T> scale,
                          T* row_losses, std::type_identity_t<T>* dlogits) {
  for_each_row(rows, classes, [=](Index row) {
    using std::log;
    const T* z = logits + row * classes;
    const Index label = labels[row];
    NN_ASSERT(label >= 0 && label < classes);
    const T weight = weights == nullptr ? T(1) : weights[row];
    const T true_logit = z[label];  // read first: dlogits may lie on logits
    T largest;
    if (dlogits == nullptr) {
      const T sum = detail::sum_of_shifted_exponentials(classes, z, largest);
      row_losses[row] = weight * (log(sum) + (largest - true_logit));
      return;
    }
    T* dz = dlogits + row * classes;
    const T sum = detail::shifted_exponentials(classes, z, dz, largest);
    row_losses[row] = weight * (log(sum) + (largest - true_logit));
    const T factor = weight * scale;
    for (Index k = 0; k < classes; ++k) dz[k] = factor * (dz[k] / sum);
    dz[label] -= factor;
  });
}

}  // namespace nn::kernels
