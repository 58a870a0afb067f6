// SPDX-License-Identifier: MIT
// The product in the plainest loops: for scalars without a fast kernel, and the twin that the fast
// kernels are tested against.
#pragma once

#include <type_traits>

#include "nn/kernels/elementwise/formulas.hpp"
#include "nn/kernels/product/matrix.hpp"
#include "nn/kernels/product/options.hpp"

namespace nn::kernels::naive {

/// c = act(affine(a b + bias)), see `nn::kernels::product`.
template <class T>
void product(Matrix<const std::type_identity_t<T>> a, Matrix<const std::type_identity_t<T>> b,
             Matrix<T> c, const ProductOptions<std::type_identity_t<T>>& options = {}) {
  for (Index i = 0; i < c.rows; ++i) {
    for (Index j = 0; j < c.cols; ++j) {
      T sum = options.accumulate ? c(i, j) : T(0);
      for (Index k = 0; k < a.cols; ++k) sum += a(i, k) * b(k, j);
      if (options.bias != nullptr) sum += options.bias[j];
      if (options.affine) sum = sum * options.affine.scale[j] + options.affine.shift[j];
      sum = kernels::activate(options.activation, sum);
      if (options.mask.data != nullptr && options.mask(i, j) <= T(0)) {
        sum = T(0);
      }
      c(i, j) = sum;
    }
  }
}

/// sums[j] = sum_i x(i, j), see `nn::kernels::column_sums`.
template <class T>
void column_sums(Matrix<const std::type_identity_t<T>> x, T* sums, bool accumulate) {
  for (Index j = 0; j < x.cols; ++j) {
    T sum = accumulate ? sums[j] : T(0);
    for (Index i = 0; i < x.rows; ++i) sum += x(i, j);
    sums[j] = sum;
  }
}

}  // namespace nn::kernels::naive
