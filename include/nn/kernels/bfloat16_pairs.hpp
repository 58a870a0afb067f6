// SPDX-License-Identifier: MIT
// Blocks of products of bfloat16 numbers, summed in float, with the instructions of AVX-512-BF16.
#pragma once

#include <algorithm>
#include <cstdint>

#include "nn/kernels/bfloat16_lines.hpp"
#include "nn/kernels/bfloat16_rounded.hpp"

#if defined(__x86_64__)
#define NN_BFLOAT16_TARGET \
  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")))

namespace nn::kernels::avx512bf16 {

using detail::Ahead;
using detail::AheadQueue;
using detail::ProductTask;

inline constexpr Index tile_rows = 8, tile_cols = 3 * lanes;

/// pairs[k] = (x[2 k], x[2 k + 1]) for `count` numbers x, with 0 for one that is missing.
template <class E>
NN_BFLOAT16_TARGET void pair_neighbours(const E* x, Index count, Pair* pairs) {
  for (Index k = 0; k < count; k += 2 * lanes) {
    const Index rest = count - k;
    _mm512_mask_storeu_epi32(pairs + k / 2, first_lanes((rest + 1) / 2), neighbours(x + k, rest));
  }
}

/// pairs[j] = (even[j], odd[j]) for `count` columns, filled with 0 to whole vectors; odd may be
/// null.
template <class E>
NN_BFLOAT16_TARGET void pair_rows(const E* even, const E* odd, Index count, Pair* pairs) {
  for (Index j = 0; j < count; j += lanes) {
    const E* const below = odd == nullptr ? nullptr : odd + j;
    _mm512_storeu_si512(pairs + j, pairs_across(even + j, below, count - j));
  }
}

[[nodiscard]] inline Index whole_vectors(Index count) {
  return (count + lanes - 1) / lanes * lanes;
}
/// Pairs that an operand with `count` rows or columns takes.
[[nodiscard]] inline Index packed_size(Index count, Index depth) {
  return whole_vectors(count) * ((depth + 1) / 2);
}
[[nodiscard]] inline Index packed_bytes(Index cols, Index depth) {
  return packed_size(cols, depth) * static_cast<Index>(sizeof(Pair));
}

/// x [rows, depth] as pairs along its columns [whole_vectors(rows), depth / 2], the rows filled up
/// with 0: a view of how that lies in `to`.
[[nodiscard]] inline Matrix<const Pair> view_pairs(const Matrix<const float>& x, const Pair* to) {
  const Index pairs = (x.cols + 1) / 2, rows = whole_vectors(x.rows);
  return x.col_stride == 1 ? Matrix<const Pair>(to, rows, pairs)
                           : Matrix<const Pair>(to, rows, pairs, 1, rows);
}
template <class E>
NN_BFLOAT16_TARGET void pair_columns(const Matrix<const E>& x, Pair* to) {
  const Index pairs = (x.cols + 1) / 2, rows = whole_vectors(x.rows);
  if (x.col_stride == 1) {
    for (Index i = 0; i < x.rows; ++i) {
      pair_neighbours(x.data + i * x.row_stride, x.cols, to + i * pairs);
    }
    std::fill(to + x.rows * pairs, to + rows * pairs, Pair{0});
    return;
  }
  for (Index k = 0; k < x.cols; k += 2) {
    const E* even = x.data + k * x.col_stride;
    pair_rows(even, k + 1 < x.cols ? even + x.col_stride : nullptr, x.rows, to + k / 2 * rows);
  }
}

/// b [depth, cols] as pairs along its rows, [depth / 2][width], filled up with 0.
NN_BFLOAT16_TARGET inline void pack_pairs(Matrix<const float> b, Index width, Pair* packed) {
  const Index pairs = (b.rows + 1) / 2;
  if (b.col_stride == 1) {
    for (Index k = 0; k < b.rows; k += 2) {
      const float* even = b.data + k * b.row_stride;
      pair_rows(even, k + 1 < b.rows ? even + b.row_stride : nullptr, b.cols,
                packed + k / 2 * width);
    }
    return;
  }
  Pair* const columns = scratch<Pair>(ScratchUse::rounded_b, b.cols * pairs);
  for (Index j = 0; j < b.cols; ++j) {
    pair_neighbours(b.data + j * b.col_stride, b.rows, columns + j * pairs);
  }
  // Packing only moves elements, of the size of a float.
  avx512::pack<float>({reinterpret_cast<const float*>(columns), pairs, b.cols, 1, pairs}, width,
                      reinterpret_cast<float*>(packed));
}

/// A whole operand, pass after pass; of b, in each pass panel after panel.
[[nodiscard]] NN_BFLOAT16_TARGET inline const void* pack_shared_a(Matrix<const float> a) {
  const Index rows = whole_vectors(a.rows);
  Pair* const packed = scratch<Pair>(ScratchUse::shared_a, rows * (a.cols + 1) / 2);
  for (Index first = 0; first < a.cols; first += detail::bfloat16_depth) {
    const Index length = std::min(detail::bfloat16_depth, a.cols - first);
    pair_columns(a.block(0, first, a.rows, length), packed + first / 2 * rows);
  }
  return packed;
}
[[nodiscard]] NN_BFLOAT16_TARGET inline const void* pack_shared_b(Matrix<const float> b) {
  const Index width = whole_vectors(b.cols);
  Pair* const packed = scratch<Pair>(ScratchUse::shared_b, (b.rows + 1) / 2 * width);
  for (Index first = 0; first < b.rows; first += detail::bfloat16_depth) {
    const Index length = std::min(detail::bfloat16_depth, b.rows - first);
    for (Index col = 0; col < b.cols; col += tile_cols) {
      const Index cols = std::min(tile_cols, b.cols - col);
      pack_pairs(b.block(first, col, length, cols), whole_vectors(cols),
                 packed + first / 2 * width + (length + 1) / 2 * col);
    }
  }
  return packed;
}

/// c[8, width] (+)= a b over the pairs of a panel.
struct PairPanel {
  Matrix<const Pair> a;  // of all rows of the block
  const Pair* b;         // [a.cols][width]
  Index width;
  bool starts_from_c;
};

/// Writes a tile's sums, masked.
template <int Vectors, class Sums>
NN_BFLOAT16_TARGET NN_INLINE void store_tile(Matrix<float> c, const Matrix<const float>& mask,
                                             Sums& sum) {
  NN_UNROLL
  for (int i = 0; i < tile_rows; ++i) {
    NN_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      __mmask16 kept = 0xFFFF;
      if (mask.data != nullptr) {
        const __m512 m = _mm512_loadu_ps(mask.data + i * mask.row_stride + v * lanes);
        kept = _mm512_cmp_ps_mask(m, _mm512_setzero_ps(), _CMP_NLE_UQ);
      }
      _mm512_storeu_ps(c.data + i * c.row_stride + v * lanes, _mm512_maskz_mov_ps(kept, sum[i][v]));
    }
  }
}

template <int Vectors>
NN_BFLOAT16_TARGET void pair_tile(const PairPanel& panel, Index first_row, Matrix<float> c,
                                  const Matrix<const float>& mask, Ahead& ahead) {
  __m512 sum[std::size_t{tile_rows}][std::size_t{Vectors}];
  NN_UNROLL
  for (int i = 0; i < tile_rows; ++i) {
    NN_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      sum[i][v] = panel.starts_from_c ? _mm512_loadu_ps(c.data + i * c.row_stride + v * lanes)
                                      : _mm512_setzero_ps();
    }
  }
  if (mask.data != nullptr) detail::prefetch_tile<float>(mask, c);
  const Index row_stride = panel.a.row_stride, k_stride = panel.a.col_stride;
  const Pair* a = panel.a.data + first_row * row_stride;
  const Pair* b = panel.b;
  const char* line = ahead.line;
  Index left_in_row = ahead.left_in_row;
  const Index row_lines = ahead.row_lines, jump = ahead.jump, b_stride = panel.width;
  for (Index k = panel.a.cols; k > 0; --k, a += k_stride, b += b_stride) {
    __builtin_prefetch(line, 0, 2);
    --left_in_row;
    line += left_in_row == 0 ? jump : 64;
    left_in_row = left_in_row == 0 ? row_lines : left_in_row;
    __m512bh b_row[std::size_t{Vectors}];
    NN_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      b_row[v] = __builtin_bit_cast(__m512bh, _mm512_loadu_si512(b + v * lanes));
    }
    NN_UNROLL
    for (int i = 0; i < tile_rows; ++i) {
      const auto pair =
          __builtin_bit_cast(__m512bh, _mm512_set1_epi32(static_cast<int>(a[i * row_stride])));
      NN_UNROLL
      for (int v = 0; v < Vectors; ++v) sum[i][v] = _mm512_dpbf16_ps(sum[i][v], pair, b_row[v]);
    }
  }
  ahead.line = line;
  ahead.left_in_row = left_in_row;
  store_tile<Vectors>(c, mask, sum);
}

NN_BFLOAT16_TARGET inline void pair_tile(const PairPanel& panel, Index first_row, Matrix<float> c,
                                         const Matrix<const float>& mask, AheadQueue& queue) {
  // A step takes two elements of k and prefetches a line: twice as many as the queue counts on.
  Ahead& ahead = queue.next(AheadQueue::steps_per_line * panel.a.cols, panel.b);
  if (panel.width == 3 * lanes) return pair_tile<3>(panel, first_row, c, mask, ahead);
  if (panel.width == 2 * lanes) return pair_tile<2>(panel, first_row, c, mask, ahead);
  pair_tile<1>(panel, first_row, c, mask, ahead);
}

/// Does a task of at most `detail::bfloat16_depth` steps of k.
NN_BFLOAT16_TARGET inline void pair_pass(const ProductTask<float>& pass, AheadQueue& queue) {
  const Matrix<float>& c = pass.c;
  const auto* a = static_cast<const Pair*>(pass.packed_a);
  const auto* const shared_b = static_cast<const Pair*>(pass.packed_b);
  const Index pairs = (pass.a.cols + 1) / 2;
  if (a == nullptr) {
    Pair* const own = scratch<Pair>(ScratchUse::rounded_a, whole_vectors(pass.a.rows) * pairs);
    if (pass.a.is_short()) {
      pair_columns(pass.a.shorts(), own);
    } else {
      pair_columns<float>(pass.a, own);
    }
    a = own;
  }
  for (Index col = 0; col < c.cols; col += tile_cols) {
    const Index cols = std::min(tile_cols, c.cols - col), width = whole_vectors(cols);
    PairPanel panel{view_pairs(pass.a, a), shared_b, width, pass.options.accumulate};
    if (shared_b != nullptr) {
      panel.b += pairs * col;
    } else {
      Pair* const own = pass.kept_b != nullptr ? static_cast<Pair*>(pass.kept_b) + pairs * col
                                               : scratch<Pair>(ScratchUse::packed_b, pairs * width);
      pack_pairs(pass.b.block(0, col, pass.b.rows, cols), width, own);
      panel.b = own;
    }
    for (Index row = 0; row < c.rows; row += tile_rows) {
      const Matrix<float> tile = c.block(row, col, std::min(tile_rows, c.rows - row), cols);
      const Matrix<const float> mask = pass.is_final
                                           ? pass.options.mask.block(row, col, tile.rows, cols)
                                           : Matrix<const float>();
      if (tile.rows == tile_rows && cols == width && c.col_stride == 1) {
        pair_tile(panel, row, tile, mask, queue);
      } else {
        alignas(64) float buffer[std::size_t{tile_rows * tile_cols}] = {};
        const Matrix<float> whole(buffer, tile.rows, tile.cols, width, 1);
        if (panel.starts_from_c) avx512::copy_matrix<float>(tile, whole);
        pair_tile(panel, row, whole, {}, queue);
        avx512::copy_matrix<float>(whole, tile);
        if (mask.data != nullptr) avx512::finish_product<float>(tile, {.mask = mask});
      }
    }
  }
}

/// Does a task pass by pass; operands that are packed lie in memory in the same way.
template <class Pass>
NN_BFLOAT16_TARGET void product_passes(const ProductTask<float>& task,
                                       Index (*size_of_packed)(Index, Index), Pass do_pass) {
  if (!detail::is_contiguous<float>(task.a) || !detail::is_contiguous(task.b)) {
    return detail::rounded_block(Isa::avx512, task);
  }
  constexpr Index most = detail::bfloat16_depth;
  const Index depth = task.a.cols;
  const bool only_masks = task.is_final && task.options.only_masks();
  ProductTask<float> pass = task;
  const auto* const a = static_cast<const Pair*>(task.packed_a);
  const auto* const b = static_cast<const Pair*>(task.packed_b);
  auto* const kept_b = static_cast<Pair*>(task.kept_b);
  Index first = 0;
  do {
    const Index length = std::min(most, depth - first), next = first + length;
    AheadQueue queue = detail::ahead_of(task, next, std::min(most, depth - next));
    pass.a = task.a.block(0, first, task.a.rows, length);
    pass.b = task.b.block(first, 0, length, task.b.cols);
    pass.options.accumulate = first > 0 || task.options.accumulate;
    pass.is_final = only_masks && next >= depth;
    if (a != nullptr) pass.packed_a = a + size_of_packed(task.a.rows, first);
    if (b != nullptr) {
      pass.packed_b = b + size_of_packed(task.b.cols, first);
      queue.fetch_packed(b + size_of_packed(task.b.cols, next),
                         size_of_packed(task.b.cols, std::min(most, depth - next)));
    }
    if (kept_b != nullptr) pass.kept_b = kept_b + size_of_packed(task.b.cols, first);
    do_pass(pass, queue);
    first = next;
  } while (first < depth);
  if (task.is_final && !only_masks) avx512::finish_product<float>(task.c, task.options);
}

/// Does a `detail::ProductTask` on operands rounded to bfloat16.
NN_BFLOAT16_TARGET inline void product_block(const ProductTask<float>& task) {
  product_passes(task, packed_size, pair_pass);
}

}  // namespace nn::kernels::avx512bf16

#undef NN_BFLOAT16_TARGET

#endif
