// SPDX-License-Identifier: MIT
// Blocks of products of bfloat16 numbers with the kernels for floats, for processors without
// instructions of their own for them.
#pragma once

#include <algorithm>

#include "nn/kernels/elementwise/elementwise.hpp"
#include "nn/kernels/product/kernels.hpp"

namespace nn::kernels::detail {

/// Steps of k in a chunk.
inline constexpr Index bfloat16_chunk_depth = 512;

/// x rounded to bfloat16, in `memory` for as many elements.
[[nodiscard]] inline Matrix<const float> rounded(Isa isa, const Matrix<const float>& x,
                                                 float* memory) {
  if (x.row_stride == 1 && x.col_stride != 1) {
    return rounded(isa, x.transposed(), memory).transposed();
  }
  for (Index i = 0; i < x.rows; ++i) {
    const float* row = x.data + i * x.row_stride;
    float* const to = memory + i * x.cols;
    if (x.col_stride != 1) {
      for (Index j = 0; j < x.cols; ++j) to[j] = x(i, j);
      row = to;
    }
    NN_DISPATCH_TO(isa, round_to_bfloat16, x.cols, row, to);
  }
  return {memory, x.rows, x.cols};
}

/// Does a task on rounded operands with the kernel for floats. Products of bfloat16 numbers are
/// exact in float, so only the additions round.
[[gnu::noinline]] inline void rounded_block(Isa isa, const ProductTask<float>& task) {
  const auto block = product_kernels<float>(isa).block;
  const Index depth = task.b.rows, most = std::min(bfloat16_chunk_depth, depth);
  const Matrix<const float>& elements = task.a.elements();
  const Scratch<float> a(ScratchUse::rounded_a, elements.rows, most);
  const Scratch<float> b(ScratchUse::rounded_b, most, task.b.cols);
  Index first = 0;
  do {
    const Index length = std::min(bfloat16_chunk_depth, depth - first);
    ProductTask<float> part = task;
    part.a = rounded(isa, elements.block(0, first, elements.rows, length), a.data());
    part.b = rounded(isa, task.b.block(first, 0, length, task.b.cols), b.data());
    part.options.accumulate = first > 0 || task.options.accumulate;
    part.is_final = task.is_final && first + length >= depth;
    block(part);
    first += length;
  } while (first < depth);
}

}  // namespace nn::kernels::detail
