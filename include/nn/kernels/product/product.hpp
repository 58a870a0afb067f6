// SPDX-License-Identifier: MIT
// The matrix product, on all cores:
//   c [m, n] = a [m, k] b [k, n]
// is cut, from the outside in, in
//   block   some rows x columns of c, the work of one thread at a time (`plan_product`)
//   slice   a stretch of k of 1024 steps or more, summed on its own and added in order
//   chunk   256 steps of k over one block, 512 in bfloat16: what is packed at a time
//   panel   up to three vectors of columns of b, in the first cache
//   tile    some rows x one panel of c, in registers
// A packed operand is a copy in the order in which tiles read it:
//   own     of one chunk or panel, in scratch memory
//   shared  by all pieces of a walk (`gradients.hpp`)
//   kept    for later products with the same b (`packed_weights.hpp`)
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "nn/core/ceil_div.hpp"
#include "nn/core/parallel.hpp"
#include "nn/kernels/machine/cache.hpp"
#include "nn/kernels/machine/scratch.hpp"
#include "nn/kernels/product/kernels.hpp"
#include "nn/kernels/product/matrix.hpp"
#include "nn/kernels/product/naive.hpp"

namespace nn::kernels {
namespace detail {

/// How a product is cut. The order in which terms are added follows from k alone, so that neither
/// the number of threads nor that of rows or columns changes a bit of the result.
struct ProductPlan {
  Index slice;  ///< k is cut in slices of this length, whose sums are added in order
  Index num_slices;
  Index rows;  ///< of a block of c
  Index cols;
  Index row_blocks;
  Index col_blocks;
};

/// `most_rows`: the rows of a block whose chunk of a fills a quarter of a core's cache (of doubles,
/// a half).
[[nodiscard]] inline ProductPlan plan_product(Index m, Index n, Index k, Index tile_rows,
                                              Index tile_cols, Index most_rows) {
  constexpr Index min_slice = 1024, max_slices = 8, min_pieces = 4;
  constexpr Index usual_cols = 128, vector_cols = 4096;
  constexpr Index small_work = Index{1} << 19;  // multiply-adds that are not worth another thread
  // A vector's product reads whole rows, as far as their sums stay in the first cache; others read
  // a once for each block of columns.
  const Index most_cols =
      m == 1 ? vector_cols : std::max(5 * tile_cols, round_up(usual_cols, tile_cols));
  ProductPlan plan{k, 1, std::clamp<Index>(most_rows, 64, 1024), most_cols, 1, 1};
  while (plan.num_slices < max_slices && k >= 2 * min_slice * plan.num_slices) plan.num_slices *= 2;
  plan.slice = round_up(ceil_div(k, plan.num_slices), 8);
  plan.rows = std::min(plan.rows / tile_rows * tile_rows, round_up(m, tile_rows));
  plan.cols = std::min(plan.cols, round_up(n, tile_cols));
  const auto count = [&] {
    plan.row_blocks = ceil_div(m, plan.rows);
    plan.col_blocks = ceil_div(n, plan.cols);
    return plan.row_blocks * plan.col_blocks * plan.num_slices;
  };
  while (count() < min_pieces && plan.rows * plan.cols * plan.slice > small_work) {
    if (plan.cols > tile_cols && plan.cols >= plan.rows / 2) {
      plan.cols = round_up(plan.cols / 2, tile_cols);
    } else if (plan.rows > tile_rows) {
      plan.rows = round_up(plan.rows / 2, tile_rows);
    } else {
      break;
    }
  }
  return plan;
}

template <class T>
class BlockedProduct {
 public:
  BlockedProduct(Isa isa, Operand<T> a, Matrix<const T> b, Matrix<T> c,
                 const ProductOptions<T>& options)
      : kernels_(product_kernels<T>(isa, options.precision)),
        a_(a),
        b_(b),
        c_(c),
        options_(options),
        plan_(plan_product(c.rows, c.cols, b.rows, kernels_.tile_rows, kernels_.tile_cols,
                           cached_elements<float>() / chunk_depth)) {
    NN_ASSERT(!a.is_bfloat16() || (kernels_.to_bfloat16 != nullptr && is_contiguous(b)));
    if (c.rows == 1 && b.col_stride == 1 && c.col_stride == 1) {
      kernels_.block = kernels_.vector_block;
    }
    const KeptOperand* const kept = options.kept_b;
    const bool can_keep = kept != nullptr && kernels_.packed_bytes != nullptr && c.rows > 1 &&
                          is_contiguous(a) && is_contiguous(b);
    reads_kept_ = can_keep && kept->block_cols == plan_.cols;
    // One thread packs each part.
    fills_kept_ = can_keep && kept->block_cols == 0 && plan_.row_blocks == 1;
  }

  void run() const {
    run_blocks();
    if (fills_kept_) options_.kept_b->block_cols = plan_.cols;
  }

 private:
  void run_blocks() const {
    const Index blocks = plan_.row_blocks * plan_.col_blocks;
    if (plan_.num_slices > 1 && blocks < 8) return run_slices_at_once(blocks);
    const Index run_length = std::max<Index>(1, blocks / 16);
    parallel_for(ceil_div(blocks, run_length), [&](Index run) {
      const Index end = std::min(blocks, (run + 1) * run_length);
      for (Index block = run * run_length; block < end; ++block) run_block(block, block + 1 < end);
    });
  }

  void run_block(Index block, bool has_next) const {
    const Matrix<T> c = block_of_c(block);
    run_slice(block, 0, c, options_.accumulate, has_next ? block + 1 : block);
    if (plan_.num_slices == 1) return;
    const Scratch<T> sums(ScratchUse::partial_sums, c.rows, c.cols);
    for (Index slice = 1; slice < plan_.num_slices; ++slice) {
      const Matrix<T> partial(sums.data(), c.rows, c.cols);
      run_slice(block, slice, partial, false, block);
      kernels_.add_partial(partial, c);
    }
    finish(block, c);
  }

  /// Few blocks, many steps of k: the slices are pieces too.
  void run_slices_at_once(Index blocks) const {
    const Index size = plan_.rows * plan_.cols;  // of a partial sum
    const Scratch<T> partials(ScratchUse::partial_sums, plan_.num_slices - 1, blocks, size);
    const auto partial_of = [&](Index block, Index slice) {
      const Matrix<T> c = block_of_c(block);
      T* const data = partials.data() + ((slice - 1) * blocks + block) * size;
      return Matrix<T>(data, c.rows, c.cols);
    };
    parallel_for(blocks * plan_.num_slices, [&](Index piece) {
      const Index block = piece % blocks, slice = piece / blocks;
      if (slice == 0) return run_slice(block, 0, block_of_c(block), options_.accumulate, block);
      run_slice(block, slice, partial_of(block, slice), false, block);
    });
    const auto combine = [&](Index block) {
      for (Index slice = 1; slice < plan_.num_slices; ++slice) {
        kernels_.add_partial(partial_of(block, slice), block_of_c(block));
      }
      finish(block, block_of_c(block));
    };
    parallel_for(blocks, combine);
  }

  [[nodiscard]] Index first_row(Index block) const { return block / plan_.col_blocks * plan_.rows; }
  [[nodiscard]] Index first_col(Index block) const { return block % plan_.col_blocks * plan_.cols; }

  [[nodiscard]] Matrix<T> block_of_c(Index block) const {
    const Index row = first_row(block), col = first_col(block);
    return c_.block(row, col, std::min(plan_.rows, c_.rows - row),
                    std::min(plan_.cols, c_.cols - col));
  }

  [[nodiscard]] ProductOptions<T> options_of(Index block) const {
    return options_at(options_, c_, first_row(block), first_col(block));
  }

  void finish(Index block, Matrix<T> c) const {
    if (has_epilogue()) kernels_.finish(c, options_of(block));
  }

  [[nodiscard]] bool has_epilogue() const {
    return options_.bias != nullptr || options_.affine || options_.mask.data != nullptr ||
           options_.activation != Activation::linear;
  }

  void run_slice(Index block, Index slice, Matrix<T> target, bool accumulate, Index next) const {
    const Index first = slice * plan_.slice;
    const Index length = std::clamp<Index>(b_.rows - first, 0, plan_.slice);
    ProductTask<T> task{.a = a_.block(first_row(block), first, target.rows, length),
                        .b = b_.block(first, first_col(block), length, target.cols),
                        .c = target,
                        .options = options_of(block),
                        .is_final = plan_.num_slices == 1 && has_epilogue()};
    if (reads_kept_ || fills_kept_) {
      const Index place = slice * kernels_.packed_bytes(c_.cols, plan_.slice) +
                          kernels_.packed_bytes(first_col(block), length);
      std::byte* const kept = static_cast<std::byte*>(options_.kept_b->data) + place;
      if (reads_kept_) task.packed_b = kept;
      if (fills_kept_) task.kept_b = kept;
    }
    if (next != block) {
      const Matrix<T> c = block_of_c(next);
      const Index depth = std::min(length, chunk_depth);
      if (first_row(next) != first_row(block))
        task.next_a = a_.block(first_row(next), 0, c.rows, depth);
      if (first_col(next) != first_col(block))
        task.next_b = b_.block(0, first_col(next), depth, c.cols);
    }
    task.options.accumulate = accumulate;
    kernels_.block(task);
  }

  ProductKernels<T> kernels_;
  Operand<T> a_;
  Matrix<const T> b_;
  Matrix<T> c_;
  ProductOptions<T> options_;
  ProductPlan plan_;
  bool reads_kept_ = false, fills_kept_ = false;
};

}  // namespace detail

/// Bytes of the data of a `KeptOperand` for b [k, n], with any kernels.
template <class T>
[[nodiscard]] constexpr Index kept_operand_bytes(Index k, Index n) {
  constexpr Index rows_to_fill = 320, cols_to_fill = 31;  // up to whole tiles, of each slice
  return bytes_of<T>(k + rows_to_fill, n + cols_to_fill);
}

/// `product` with the kernels of `isa`, which the processor must have: for tests and benchmarks.
template <Real T>
void product_with(Isa isa, Operand<std::type_identity_t<T>> a,
                  Matrix<const std::type_identity_t<T>> b, Matrix<T> c,
                  const ProductOptions<std::type_identity_t<T>>& options = {}) {
  if (c.rows == 0 || c.cols == 0) return;
  if (c.col_stride != 1 && c.row_stride == 1 && options.bias == nullptr && !options.affine &&
      !a.is_bfloat16()) {
    // c^T = b^T a^T, whose rows are contiguous
    ProductOptions<T> swapped = options;
    swapped.mask = options.mask.transposed();
    swapped.kept_b = nullptr;
    detail::BlockedProduct<T>(isa, b.transposed(), a.elements().transposed(), c.transposed(),
                              swapped)
        .run();
  } else {
    detail::BlockedProduct<T>(isa, a, b, c, options).run();
  }
}

/// c = act(affine(a b + bias)), with the mask applied; or c += a b. An a in bfloat16 is for a
/// precision that `takes_bfloat16`, and a b whose rows or columns are contiguous. Shapes  a [m, k]
/// b [k, n]   c [m, n]; c overlaps neither.
template <Real T>
void product(Operand<std::type_identity_t<T>> a, Matrix<const std::type_identity_t<T>> b,
             Matrix<T> c, const ProductOptions<std::type_identity_t<T>>& options = {}) {
  NN_ASSERT(a.rows() == c.rows && a.cols() == b.rows && b.cols == c.cols);
  NN_ASSERT(options.activation != Activation::softmax);
  if constexpr (has_simd<T>) {
    product_with(isa(), a, b, c, options);
  } else {
    naive::product(a.elements(), b, c, options);
  }
}

/// `column_sums` with the kernels of `isa`, which the processor must have.
template <Real T>
void column_sums_with(Isa isa, Matrix<const std::type_identity_t<T>> x, T* sums, bool accumulate) {
  constexpr Index rows = 1024, cols = 1024;  // of a piece
  const auto sum_block = detail::product_kernels<T>(isa).column_sums;
  const Index row_blocks = std::max<Index>(1, ceil_div(x.rows, rows));
  const Index col_blocks = ceil_div(x.cols, cols);
  const Scratch<T> memory(ScratchUse::partial_sums, row_blocks, x.cols);
  T* const partials = memory.data();
  parallel_for(row_blocks * col_blocks, [&](Index piece) {
    const Index row = piece / col_blocks * rows, col = piece % col_blocks * cols;
    const Matrix<const T> block =
        x.block(row, col, std::min(rows, x.rows - row), std::min(cols, x.cols - col));
    if (row == 0) return sum_block(block, sums + col, accumulate);
    sum_block(block, partials + row / rows * x.cols + col, false);
  });
  for (Index block = 1; block < row_blocks; ++block) {
    for (Index j = 0; j < x.cols; ++j) sums[j] += partials[block * x.cols + j];
  }
}

/// sums[j] = sum_i x(i, j), or sums[j] += …, in an order that depends on the number of rows alone.
/// Shapes  x [m, n]   sums [n]
template <Real T>
void column_sums(Matrix<const std::type_identity_t<T>> x, T* sums, bool accumulate) {
  if constexpr (has_simd<T>) {
    column_sums_with(isa(), x, sums, accumulate);
  } else {
    naive::column_sums(x, sums, accumulate);
  }
}

}  // namespace nn::kernels
