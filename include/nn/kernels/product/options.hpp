// SPDX-License-Identifier: MIT
// What a product does to each element on its way out.
#pragma once

#include "nn/kernels/elementwise/activation.hpp"
#include "nn/kernels/elementwise/affine.hpp"
#include "nn/kernels/product/matrix.hpp"
#include "nn/kernels/product/precision.hpp"

namespace nn::kernels {

/// A b that stays packed for later products with the same b: the first product that can fills
/// `data`, later ones read it. Products of any number of rows may come between.
struct KeptOperand {
  void* data = nullptr;  ///< of `kept_operand_bytes`
  Index block_cols = 0;  ///< of the parts that it was packed in; 0: nothing was
};

/// c(i, j) = act(affine(sum + bias[j])), and 0 where the mask says so.
template <class T>
struct ProductOptions {
  const T* bias = nullptr;                     ///< [n], added to every row
  Affine<T> affine{};                          ///< of n columns, after the bias
  Activation activation = Activation::linear;  ///< of single elements (not softmax), after both
  /// [m, n] or without data: c(i, j) = 0 where mask(i, j) <= 0 (ReLU's gradient). Its neighbours
  /// lie side by side if those of c do.
  Matrix<const T> mask{};
  bool accumulate = false;  ///< c += a b; only without the others
  /// Operands are rounded to bfloat16 if it says so (products of float only); sums are not.
  ProductPrecision precision{};
  KeptOperand* kept_b = nullptr;  ///< or null

  /// Whether all that is left to do with a sum is to mask it.
  [[nodiscard]] bool only_masks() const {
    return mask.data != nullptr && bias == nullptr && !affine && activation == Activation::linear;
  }
};

/// The options for the part of c from (row, col) on.
template <class T>
[[nodiscard]] ProductOptions<T> options_at(ProductOptions<T> options, Matrix<T> c, Index row,
                                           Index col) {
  if (options.bias != nullptr) options.bias += col;
  options.affine = options.affine.from(col);
  options.mask = options.mask.block(row, col, c.rows - row, c.cols - col);
  return options;
}

}  // namespace nn::kernels
