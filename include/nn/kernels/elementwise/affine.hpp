// SPDX-License-Identifier: MIT
// A factor and a summand for each column.
#pragma once

#include "nn/core/shape.hpp"

namespace nn::kernels {

/// y(i, j) = x(i, j) scale[j] + shift[j]. Without data: y = x.
template <class T>
struct Affine {
  const T* scale = nullptr;
  const T* shift = nullptr;

  [[nodiscard]] explicit operator bool() const { return scale != nullptr; }
  /// That of column `col` and those behind it.
  [[nodiscard]] Affine from(Index col) const {
    return scale == nullptr ? Affine{} : Affine{scale + col, shift + col};
  }
};

}  // namespace nn::kernels
