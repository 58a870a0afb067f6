// SPDX-License-Identifier: MIT
// What a normalization of rows is told.
#pragma once

#include "nn/core/config.hpp"
#include "nn/core/real.hpp"

namespace nn::kernels {

/// y = (x - mean) factor gamma + beta in each row, with factor = 1 / sqrt(mean of (x - mean)^2 +
/// epsilon).
template <Real T>
struct RowNorm {
  Index rows, width;
  T epsilon;
  bool centers = true;       ///< false: 0 takes the place of the mean
  const T* gamma = nullptr;  ///< [width]; null: one
  const T* beta = nullptr;   ///< [width]; null: zero
};

}  // namespace nn::kernels
