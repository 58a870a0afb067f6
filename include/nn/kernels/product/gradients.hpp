// SPDX-License-Identifier: MIT
// Both gradients of a matrix product: as two products, or in one walk for a caller that uses up dW
// piece by piece.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <numeric>

#include "nn/core/ceil_div.hpp"
#include "nn/kernels/product/column_reader.hpp"
#include "nn/kernels/product/product.hpp"

namespace nn::kernels {

/// What `product_gradients_in_pieces` does with its products.
struct GradientOptions {
  bool masks_dx = false;  ///< dx is 0 where x <= 0 (the gradient of a ReLU that made x)
  ProductPrecision precision{};
};

namespace detail {

/// How many rows of W make a piece: whole panels of the product and whole units of `unit` rows, but
/// so few that there are pieces for many threads.
[[nodiscard]] inline Index gradient_piece_rows(Index rows, Index cols, Index tile_cols,
                                               Index unit) {
  constexpr Index piece_elements = 16384;  // its gradient stays in a core's own cache
  constexpr Index min_pieces = 16;
  const Index wanted =
      std::clamp<Index>(piece_elements / std::max<Index>(cols, 1), 1, 2 * tile_cols);
  const Index most = std::max<Index>(1, rows / min_pieces);
  return wanted <= most ? round_up(wanted, std::lcm(tile_cols, unit))
                        : round_up(most, std::lcm(Index{16}, unit));
}

/// One piece of the walk, with the kernels of an instruction set.
template <class T>
class GradientWalk {
 public:
  Operand<T> x;
  Matrix<const T> W, dz;
  Matrix<T> dx;                // without data: not written
  ColumnReader<T>* dx_reader;  // or null
  GradientOptions options;
  std::array<const T*, 2> moments;
  ProductKernels<T> kernels = product_kernels<T>(isa(), options.precision);
  // All pieces share dz, packed once as each operand; empty where that saves nothing.
  Scratch<std::byte> dz_as_a = wants_dx()
                                   ? packed(kernels.pack_a, ScratchUse::shared_a, dz.rows, dz.cols)
                                   : Scratch<std::byte>();
  Scratch<std::byte> dz_as_b = packed(kernels.pack_b, ScratchUse::shared_b, dz.cols, dz.rows);

  [[nodiscard]] bool wants_dx() const { return dx.data != nullptr || dx_reader != nullptr; }

  /// dz as `pack` packs it, unless that is null; `count` and `depth` as for `packed_bytes`.
  [[nodiscard]] Scratch<std::byte> packed(void (*pack)(Matrix<const T>, void*), ScratchUse use,
                                          Index count, Index depth) const {
    if (pack == nullptr) return {};
    Scratch<std::byte> memory(use, kernels.packed_bytes(count, depth));
    pack(dz, memory.data());
    return memory;
  }

  void input_gradient(Index run, Index row, Index rows, Index next_row, Index next_rows) const {
    ProductTask<T> task{.a = dz,
                        .b = W.block(row, 0, rows, W.cols).transposed(),
                        .c = dx.block(0, row, dx.rows, rows),
                        .is_final = options.masks_dx && !x.is_bfloat16(),
                        .packed_a = dz_as_a.data()};
    Scratch<T> strip;  // of dx, for the reader
    if (dx_reader != nullptr) {
      strip = Scratch<T>(ScratchUse::product_columns, dz.rows, rows);
      task.c = Matrix<T>(strip.data(), dz.rows, rows);
    }
    if (task.is_final) task.options.mask = x.elements().block(0, row, x.rows(), rows);
    task.next_a = x.block(0, next_row, x.rows(), next_rows);
    task.next_b = W.block(next_row, 0, next_rows, W.cols);
    kernels.block(task);
    if (options.masks_dx && x.is_bfloat16()) {
      relu_gradient_of_rows(kernels, x.bfloat16().block(0, row, x.rows(), rows), task.c);
    }
    if (dx_reader != nullptr) dx_reader->read(run, row, task.c);
  }
  void kernel_gradient(Index row, Index rows, T* dW) const {
    const auto moments_of_piece = [&](const T* moment) {
      return moment == nullptr ? Matrix<const T>()
                               : Matrix<const T>(moment + row * W.cols, rows, W.cols);
    };
    kernels.block({.a = x.block(0, row, x.rows(), rows).transposed(),
                   .b = dz,
                   .c = Matrix<T>(dW, rows, W.cols),
                   .is_final = false,
                   .next_a = moments_of_piece(moments[0]),
                   .next_b = moments_of_piece(moments[1]),
                   .packed_b = dz_as_b.data()});
  }
};

}  // namespace detail

/// dx(i, j) = 0 where x(i, j) <= 0 (the gradient of a ReLU that made x), for an x that products in
/// `precision` take in bfloat16.   x, dx [n, k], rows contiguous
template <Real T>
void relu_gradient(Matrix<const Bfloat16> x, const ProductPrecision& precision, Matrix<T> dx) {
  const auto kernels = detail::product_kernels<T>(isa(), precision);
  for_each_row(dx.rows, dx.cols, [&](Index i) {
    detail::relu_gradient_of_rows(kernels, x.block(i, 0, 1, x.cols), dx.block(i, 0, 1, dx.cols));
  });
}

/// The gradients of z = x W: dx = dz W^T, masked if the options say so, unless dx has no data, and
/// dW = x^T dz piece by piece: `finish(first, gradients, count)` gets those of `count` neighbouring
/// elements of W from number `first` on, in any order, from any thread, and may change these
/// elements of W. `moments` [k, m] or null are what it will read, to be fetched ahead. The options'
/// precision holds for both products. One pass over x and W, each piece in a core's cache. A
/// `dx_reader` gets dx in place of memory.
/// Shapes  x [n, k], rows contiguous   W, dW [k, m], contiguous   dz [n, m]
///         dx [n, k], with the strides of x
template <Real T, class Finish>
void product_gradients_in_pieces(const Operand<std::type_identity_t<T>>& x,
                                 Matrix<const std::type_identity_t<T>> W,
                                 Matrix<const std::type_identity_t<T>> dz, Matrix<T> dx,
                                 const GradientOptions& options,
                                 const std::array<const std::type_identity_t<T>*, 2>& moments,
                                 const Finish& finish, ColumnReader<T>* dx_reader = nullptr) {
  NN_ASSERT(W.row_stride == W.cols && x.cols() == W.rows && dz.cols == W.cols);
  NN_ASSERT(dx.data == nullptr || dx_reader == nullptr);
  const detail::GradientWalk<T> walk{x, W, dz, dx, dx_reader, options, moments};
  const Index rows = detail::gradient_piece_rows(W.rows, W.cols, walk.kernels.tile_cols,
                                                 dx_reader == nullptr ? 1 : dx_reader->unit());
  const Index pieces = ceil_div(W.rows, rows);
  const Index run_length = std::max<Index>(1, pieces / 64);  // neighbours, to prefetch the next
  const Index num_runs = ceil_div(pieces, run_length);
  const auto compute_run = [&](Index run) {
    const Index end = std::min((run + 1) * run_length * rows, W.rows);
    const Scratch<T> dW(ScratchUse::kernel_gradient, rows, W.cols);
    for (Index row = run * run_length * rows; row < end; row += rows) {
      const Index next = std::min(row + rows, end);
      if (walk.wants_dx())
        walk.input_gradient(run, row, next - row, next, std::min(rows, end - next));
      walk.kernel_gradient(row, next - row, dW.data());
      finish(row * W.cols, dW.data(), (next - row) * W.cols);
    }
  };
  if (dx_reader == nullptr) return parallel_for(num_runs, compute_run);
  dx_reader->begin(num_runs);
  try {
    parallel_for(num_runs, compute_run);
    dx_reader->end();
  } catch (...) {
    dx_reader->cancel();
    throw;
  }
}

/// Where the gradient of x goes: to memory, to a reader, or, where both are empty, nowhere.
template <class T>
struct InputGradient {
  Matrix<T> dx{};                        ///< [n, k]
  ColumnReader<T>* dx_reader = nullptr;  ///< only with a step
  bool is_masked = false;                ///< 0 where x <= 0 (the gradient of a ReLU that made x)
};

/// Where the gradient of W goes, if no step uses it up: to memory, or, where that is empty,
/// nowhere.
template <class T>
struct WeightGradient {
  Matrix<T> dW{};  ///< [k, m]
  bool accumulate = false;
};

namespace detail {

/// dx = dz W^T, masked if that is asked for.
template <Real T>
void input_gradient(const Operand<T>& x, Matrix<const T> W, Matrix<const T> dz,
                    const InputGradient<T>& to_x, const ProductPrecision& precision) {
  const bool masks_after = to_x.is_masked && x.is_bfloat16();
  ProductOptions<T> options{.precision = precision};
  if (to_x.is_masked && !masks_after) options.mask = x.elements();
  product(dz, W.transposed(), to_x.dx, options);
  if constexpr (std::same_as<T, float>) {
    if (masks_after) relu_gradient(x.bfloat16(), precision, to_x.dx);
  }
}

}  // namespace detail

/// The gradients of z = x W. A `step` that is true gets dW piece by piece, as the `finish` of
/// `product_gradients_in_pieces`, and `step.moments()` are what it reads; else dW is assigned or
/// added to. With a step, dW may be left unwritten.
/// Shapes  x [n, k], rows contiguous   W [k, m], contiguous   dz [n, m]
template <Real T, class Step>
void product_gradients(const Operand<std::type_identity_t<T>>& x,
                       Matrix<const std::type_identity_t<T>> W,
                       Matrix<const std::type_identity_t<T>> dz, const InputGradient<T>& to_x,
                       const WeightGradient<T>& to_W, const ProductPrecision& precision,
                       const Step& step) {
  if constexpr (has_simd<T>) {
    // Where x has more rows than W, dW is small beside what the products read, and pieces would be
    // narrow.
    const bool in_pieces = to_x.dx_reader != nullptr || x.rows() <= W.rows;
    if (step && in_pieces) {
      return product_gradients_in_pieces(x, W, dz, to_x.dx,
                                         {.masks_dx = to_x.is_masked, .precision = precision},
                                         step.moments(), step, to_x.dx_reader);
    }
  }
  NN_ASSERT(to_x.dx_reader == nullptr);
  if (to_x.dx.data != nullptr) detail::input_gradient(x, W, dz, to_x, precision);
  if (to_W.dW.data == nullptr) return;
  const bool accumulates = to_W.accumulate && !step;
  product(x.transposed(), dz, to_W.dW, {.accumulate = accumulates, .precision = precision});
  if constexpr (has_simd<T>) {
    if (!step) return;
    for_each_block(W.rows * W.cols,
                   [&](Index first, Index count) { step(first, to_W.dW.data + first, count); });
  }
}

}  // namespace nn::kernels
