// SPDX-License-Identifier: MIT
// Statistics of columns and of rows in the plainest loops: the twins that the fast ones are tested
// against.
#pragma once

#include <cmath>

#include "nn/core/config.hpp"
#include "nn/core/real.hpp"
#include "nn/kernels/normalization/row_norm.hpp"

namespace nn::kernels::naive {

/// Mean and mean square deviation of each column.   x [rows, cols]   mean, variance [cols]
template <Real T>
void column_moments(Index rows, Index cols, const T* x, T* mean, T* variance) {
  const auto count = static_cast<T>(rows > 0 ? rows : 1);
  for (Index j = 0; j < cols; ++j) {
    T sum(0), squares(0);
    for (Index i = 0; i < rows; ++i) sum += x[i * cols + j];
    mean[j] = sum / count;
    for (Index i = 0; i < rows; ++i) {
      const T deviation = x[i * cols + j] - mean[j];
      squares += deviation * deviation;
    }
    variance[j] = squares / count;
  }
}

/// y = (x - mean) scale + shift, with `relu` at least 0.   x, y [rows, cols]   others [cols]
template <Real T>
void shift_and_scale(Index rows, Index cols, const T* x, const T* mean, const T* scale,
                     const T* shift, T* y, bool relu = false) {
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) {
      const T result = (x[i * cols + j] - mean[j]) * scale[j] + shift[j];
      y[i * cols + j] = relu && result < T(0) ? T(0) : result;  // NaN stays NaN
    }
  }
}

/// sums = sum_i dy, products = sum_i dy (x - mean).   x, dy [rows, cols]   others [cols]
template <Real T>
void column_products(Index rows, Index cols, const T* x, const T* dy, const T* mean, T* sums,
                     T* products) {
  for (Index j = 0; j < cols; ++j) {
    sums[j] = products[j] = T(0);
    for (Index i = 0; i < rows; ++i) {
      sums[j] += dy[i * cols + j];
      products[j] += dy[i * cols + j] * (x[i * cols + j] - mean[j]);
    }
  }
}

/// dx = dy scale + (x - mean) slope + shift, with `masks` 0 where x <= 0.
/// Shapes  x, dy, dx [rows, cols]   others [cols]
template <Real T>
void combine_columns(Index rows, Index cols, const T* x, const T* dy, const T* mean, const T* scale,
                     const T* slope, const T* shift, T* dx, bool masks = false) {
  for (Index i = 0; i < rows; ++i) {
    for (Index j = 0; j < cols; ++j) {
      const Index at = i * cols + j;
      const T gradient = dy[at] * scale[j] + ((x[at] - mean[j]) * slope[j] + shift[j]);
      dx[at] = masks && x[at] <= T(0) ? T(0) : gradient;
    }
  }
}

/// One row: x, y [width].
template <Real T>
void normalize_row(const RowNorm<T>& norm, const T* x, T* y, T& mean, T& factor) {
  using std::sqrt;
  const auto width = static_cast<T>(norm.width);
  T sum(0), squares(0);
  for (Index j = 0; norm.centers && j < norm.width; ++j) sum += x[j];
  mean = sum / width;
  for (Index j = 0; j < norm.width; ++j) squares += (x[j] - mean) * (x[j] - mean);
  factor = T(1) / sqrt(squares / width + norm.epsilon);
  for (Index j = 0; j < norm.width; ++j) {
    const T normalized = (x[j] - mean) * factor;
    const T scaled = norm.gamma == nullptr ? normalized : normalized * norm.gamma[j];
    y[j] = norm.beta == nullptr ? scaled : scaled + norm.beta[j];
  }
}

/// One row: x, dy, dx, dgamma, dbeta [width]; the last three may be null, the last two are added
/// to.
template <Real T>
void normalize_row_gradient(const RowNorm<T>& norm, const T* x, const T* dy, const T& mean,
                            const T& factor, T* dx, T* dgamma, T* dbeta) {
  T sum(0), product(0);
  for (Index j = 0; j < norm.width; ++j) {
    const T normalized = (x[j] - mean) * factor;
    const T gradient = norm.gamma == nullptr ? dy[j] : dy[j] * norm.gamma[j];
    if (norm.centers) sum += gradient;
    product += gradient * normalized;
    if (dgamma != nullptr) dgamma[j] += dy[j] * normalized;
    if (dbeta != nullptr) dbeta[j] += dy[j];
  }
  const auto width = static_cast<T>(norm.width);
  for (Index j = 0; dx != nullptr && j < norm.width; ++j) {
    const T normalized = (x[j] - mean) * factor;
    const T gradient = norm.gamma == nullptr ? dy[j] : dy[j] * norm.gamma[j];
    dx[j] = factor * (gradient - sum / width - normalized * (product / width));
  }
}

}  // namespace nn::kernels::naive
