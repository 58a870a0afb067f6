// SPDX-License-Identifier: MIT
// The product with quantised weights, for inference. The words of this folder:
//   q, scale     an int8 number and what it is multiplied by to give a weight or an activation
//   activation   an element of x; int8 weights meet activations that are quantised too
//   block        up to 1024 rows of W; sums of int8 products are exact within one
//   panel        the columns of W that share cache lines: 16 of int8, 32 of bfloat16
//   word         32 bits of a line: four rows of int8, or two columns of bfloat16
//   step         one cache line of a panel, with the activations of its rows
//   tile         some rows of x by some panels, in registers
//   strip        the panels that one piece of work computes
//   offset       what brings back a sum whose activations had 128 added to them
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "nn/core/ceil_div.hpp"
#include "nn/core/finite.hpp"
#include "nn/core/parallel.hpp"
#include "nn/kernels/elementwise/formulas.hpp"
#include "nn/kernels/machine/isa.hpp"
#include "nn/kernels/machine/scratch.hpp"
#include "nn/kernels/machine/simd.hpp"
#include "nn/kernels/product/options.hpp"
#include "nn/kernels/product/task.hpp"
#include "nn/kernels/quantized/matrix.hpp"

namespace nn::kernels::detail {

/// The products of some rows of x, restricted to one block of W's rows, with some panels of W.
struct QuantizedTask {
  const QuantizedMatrix* W;
  Index block;
  Index first_panel, last_panel;
  Matrix<const float> x;  ///< [rows, rows of the block]
  float* sums;            ///< [rows, W->padded_cols()]; int8: before the scales of the columns
};

/// The sums of all blocks for one row.
struct QuantizedSums {
  const float* first;  ///< [padded_cols] of the first block
  Index num_blocks, block_stride;
  Index cols;
  const float* scales;  ///< [padded_cols] or null
};

}  // namespace nn::kernels::detail

#define NN_KERNEL_BODY "nn/kernels/quantized/product.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels {
namespace detail {

/// The instruction set for int8: AVX-512 needs its dot products (VNNI) too.
[[nodiscard]] inline Isa int8_isa(Isa isa) {
#if defined(__x86_64__)
  if (isa >= Isa::avx512 && !__builtin_cpu_supports("avx512vnni")) return Isa::avx2;
#endif
  return isa;
}

/// How the rows of x, the blocks of W's rows and W's panels are cut into pieces: by shapes alone.
struct QuantizedPlan {
  static constexpr Index rows_at_once = 64, rows_per_piece = 16;  // bound the memory of the sums
  Index num_panels, panels_per_piece, num_strips;

  QuantizedPlan(const QuantizedMatrix& W, Index rows)
      : num_panels(W.padded_cols() / W.panel_cols()), panels_per_piece(num_panels) {
    constexpr Index enough_pieces = 8, small_work = Index{1} << 16, strip_cols = 64;
    const Index pieces = W.num_blocks() * ceil_div(rows, rows_per_piece);
    const Index work = rows * std::min(W.rows(), QuantizedMatrix::depth) * W.cols();
    if (pieces < enough_pieces && work > small_work) {
      panels_per_piece = strip_cols / W.panel_cols();
    }
    num_strips = ceil_div(num_panels, panels_per_piece);
  }
};

/// Bit i of the result says that sums of row i were too large for floats or not finite.
inline std::uint64_t quantized_rows(Isa isa, Matrix<const float> x, const QuantizedMatrix& W,
                                    Matrix<float> y, const ProductOptions<float>& options) {
  const QuantizedPlan plan(W, x.rows);
  const Index blocks = W.num_blocks(), width = W.padded_cols(), block_stride = x.rows * width;
  const Index row_pieces = ceil_div(x.rows, QuantizedPlan::rows_per_piece);
  const Scratch<float> memory(ScratchUse::partial_sums, blocks, block_stride);
  float* const sums = memory.data();
  parallel_for(row_pieces * blocks * plan.num_strips, [&](Index piece) {
    const Index strip = piece % plan.num_strips, block = piece / plan.num_strips % blocks;
    const Index row = piece / plan.num_strips / blocks * QuantizedPlan::rows_per_piece;
    const Index rows = std::min(QuantizedPlan::rows_per_piece, x.rows - row);
    const Index panel = strip * plan.panels_per_piece;
    const QuantizedTask task{
        .W = &W,
        .block = block,
        .first_panel = panel,
        .last_panel = std::min(plan.num_panels, panel + plan.panels_per_piece),
        .x = x.block(row, block * QuantizedMatrix::depth, rows, W.block_rows(block)),
        .sums = sums + block * block_stride + row * width};
    if (W.format() == NumberFormat::int8) {
      NN_DISPATCH_TO(int8_isa(isa), int8_product, task);
    } else {
      NN_DISPATCH_TO(isa, bfloat16_product, task);
    }
  });
  std::uint64_t not_finite = 0;
  for (Index row = 0; row < x.rows; ++row) {
    const QuantizedSums of_row{sums + row * width, blocks, block_stride, W.cols(), W.scales()};
    float* const y_row = &y(row, 0);
    const bool is_relu = options.activation == Activation::relu;
    const bool is_finite =
        NN_DISPATCH_TO(isa, combine_blocks, of_row, options.bias, is_relu, y_row);
    not_finite |= std::uint64_t{!is_finite} << row;
  }
  return not_finite;
}

/// Computes a row again whose sums of int8 are too large for floats until the columns' scales make
/// them smaller: it is divided by a power of 2 first, which changes exponents alone.
inline void quantized_large_row(Isa isa, Matrix<const float> x, const QuantizedMatrix& W,
                                Matrix<float> y, const ProductOptions<float>& options) {
  constexpr float large = 0x1p64f;
  const Scratch<float> memory(ScratchUse::rounded_a, x.cols);
  float* const small_x = memory.data();
  float largest = 0;
  for (Index i = 0; i < x.cols; ++i) {
    small_x[i] = x(0, i) / large;
    largest = std::max(largest, std::abs(x(0, i)));
  }
  if (largest < large) return;  // not too large: the row or a column of W is not finite
  quantized_rows(isa, {small_x, 1, x.cols}, W, y, {});
  for (Index j = 0; j < y.cols; ++j) {
    float& value = y(0, j);
    value = value * large + (options.bias == nullptr ? 0.0f : options.bias[j]);
    if (options.activation == Activation::relu) value = activate(options.activation, value);
  }
}

}  // namespace detail

/// `quantized_product` with the kernels of `isa`, which the processor must have.
[[gnu::noinline]] inline void quantized_product_with(Isa isa, Matrix<const float> x,
                                                     const QuantizedMatrix& W, Matrix<float> y,
                                                     const ProductOptions<float>& options = {}) {
  constexpr Index rows_at_once = detail::QuantizedPlan::rows_at_once;
  if (y.cols == 0) return;
  ProductOptions<float> of_sums = options;
  if (options.affine) of_sums.activation = Activation::linear;
  for (Index row = 0; row < x.rows; row += rows_at_once) {
    const Index rows = std::min(rows_at_once, x.rows - row);
    std::uint64_t not_finite = detail::quantized_rows(isa, x.block(row, 0, rows, x.cols), W,
                                                      y.block(row, 0, rows, y.cols), of_sums);
    if (W.format() != NumberFormat::int8) continue;
    for (Index i = row; not_finite != 0; ++i, not_finite >>= 1) {
      if (not_finite % 2 == 0) continue;
      detail::quantized_large_row(isa, x.block(i, 0, 1, x.cols), W, y.block(i, 0, 1, y.cols),
                                  of_sums);
    }
  }
  const Affine<float> affine = options.affine;
  const Activation activation = options.activation;
  if (!affine && (activation == Activation::linear || activation == Activation::relu)) return;
  for (Index i = 0; i < y.rows; ++i) {
    for (Index j = 0; j < y.cols; ++j) {
      const float sum = affine ? y(i, j) * affine.scale[j] + affine.shift[j] : y(i, j);
      y(i, j) = activate(activation, sum);
    }
  }
}

/// y = act(affine(x W + bias)), with quantised W. bfloat16 weights are multiplied as the floats
/// that they are. With int8 weights, x is quantised as well: each row, for each block of W's rows,
/// to scale q with scale = max |x| / 127 and q rounded to nearest; products of integers are summed
/// exactly in a block. There a row of x with NaN or infinity gives NaN everywhere. A row's result
/// depends neither on the number of rows nor on that of threads.
/// Shapes  x [m, W.rows()]   y [m, W.cols()], rows contiguous   options: bias, affine and
/// activation
inline void quantized_product(Matrix<const float> x, const QuantizedMatrix& W, Matrix<float> y,
                              const ProductOptions<float>& options = {}) {
  NN_ASSERT(x.rows == y.rows && x.cols == W.rows() && y.cols == W.cols());
  NN_ASSERT(x.col_stride == 1 && y.col_stride == 1);
  NN_ASSERT(options.mask.data == nullptr && !options.accumulate);
  quantized_product_with(isa(), x, W, y, options);
}

}  // namespace nn::kernels
