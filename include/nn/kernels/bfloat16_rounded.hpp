// SPDX-License-Identifier: MIT
// Blocks of products of bfloat16 numbers with the kernels for floats: the way of processors without
// instructions for them.
#pragma once

#include <algorithm>

#include "nn/kernels/product_kernels.hpp"

namespace nn::kernels::detail {

/// What one pass over a block takes: steps of k that are converted at a time.
inline constexpr Index bfloat16_depth = 512;

/// x rounded to bfloat16, in memory for `use`.
[[nodiscard]] inline Matrix<const float> rounded(Matrix<const float> x, ScratchUse use) {
  const Matrix<float> result(scratch<float>(use, x.rows * x.cols), x.rows, x.cols,
                             x.col_stride == 1 ? x.cols : 1, x.col_stride == 1 ? 1 : x.rows);
  const bool by_rows = x.col_stride == 1;
  for (Index i = 0; i < (by_rows ? x.rows : x.cols); ++i) {
    for (Index j = 0; j < (by_rows ? x.cols : x.rows); ++j) {
      const Index row = by_rows ? i : j, col = by_rows ? j : i;
      result(row, col) = round_to_bfloat16(x(row, col));
    }
  }
  return result;
}

/// Does a task on rounded operands with a kernel for floats: products of bfloat16 numbers are exact
/// in float, so this is their sum, rounded after each term.
[[gnu::noinline]] inline void rounded_block(const ProductTask<float>& task,
                                            void (*block)(const ProductTask<float>&)) {
  const Index depth = task.a.cols;
  Index first = 0;
  do {
    const Index length = std::min(bfloat16_depth, depth - first);
    ProductTask<float> part = task;
    part.a = rounded(task.a.block(0, first, task.a.rows, length), ScratchUse::rounded_a);
    part.b = rounded(task.b.block(first, 0, length, task.b.cols), ScratchUse::rounded_b);
    part.options.accumulate = first > 0 || task.options.accumulate;
    part.is_final = task.is_final && first + length >= depth;
    block(part);
    first += length;
  } while (first < depth);
}

}  // namespace nn::kernels::detail
