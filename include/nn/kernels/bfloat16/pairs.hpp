// SPDX-License-Identifier: MIT
// Blocks of products of bfloat16 numbers, summed in float, with the instructions of AVX-512-BF16.
#pragma once

#include <algorithm>
#include <cstddef>

#include "nn/core/memory.hpp"
#include "nn/kernels/bfloat16/packing.hpp"
#include "nn/kernels/bfloat16/rounded.hpp"
#include "nn/kernels/bfloat16/targets.hpp"

#if defined(__x86_64__)

namespace nn::kernels::avx512bf16 {

using detail::PrefetchQueue;
using detail::PrefetchWalk;
using detail::ProductTask;

/// c (+)= a b over pairs.
struct PairPanel {
  Matrix<const Pair> a;  // of whole tiles' rows
  const Pair* b;         // [a.cols][c.cols]
  Matrix<float> c;       // for whole tiles: whole vectors in each row
  bool starts_from_c;
  Matrix<const float> mask;  // of c, or without data: what is stored is 0 where mask <= 0
};

/// The same pair in each lane.
[[nodiscard]] NN_BFLOAT16_TARGET NN_INLINE __m512bh broadcast_pair(Pair pair) {
  __m512i pairs = _mm512_set1_epi32(static_cast<int>(pair));
#if defined(__clang__) && __clang_major__ >= 16 && __clang_major__ < 19
  // clang 16 recurses without end where it sees that equal pairs become bfloat16.
  asm("" : "+v"(pairs));
#endif
  return __builtin_bit_cast(__m512bh, pairs);
}

/// Writes a tile's sums, or 0 where the mask says so.
template <int Vectors, class Sums>
NN_BFLOAT16_TARGET NN_INLINE void store_tile(const PairPanel& panel, Index first_row, Sums& sum) {
  NN_UNROLL
  for (int i = 0; i < tile_rows; ++i) {
    NN_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const Index row = first_row + i, col = v * lanes;
      __mmask16 kept = 0xFFFF;
      if (panel.mask.data != nullptr) {
        const __m512 m = _mm512_loadu_ps(panel.mask.data + row * panel.mask.row_stride + col);
        kept = _mm512_cmp_ps_mask(m, _mm512_setzero_ps(), _CMP_NLE_UQ);
      }
      _mm512_storeu_ps(panel.c.data + row * panel.c.row_stride + col,
                       _mm512_maskz_mov_ps(kept, sum[i][v]));
    }
  }
}

/// The tile from row `first_row` of the panel on.
template <int Vectors>
NN_BFLOAT16_TARGET NN_INLINE void pair_tile(const PairPanel& panel, Index first_row,
                                            PrefetchWalk& ahead) {
  __m512 sum[std::size_t{tile_rows}][std::size_t{Vectors}];
  NN_UNROLL
  for (int i = 0; i < tile_rows; ++i) {
    NN_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      const float* c = panel.c.data + (first_row + i) * panel.c.row_stride + v * lanes;
      sum[i][v] = panel.starts_from_c ? _mm512_loadu_ps(c) : _mm512_setzero_ps();
    }
  }
  if (panel.mask.data != nullptr) {
    constexpr Index cols = Index{Vectors} * lanes;
    detail::prefetch_tile<float>(panel.mask.block(first_row, 0, tile_rows, cols),
                                 panel.c.block(first_row, 0, tile_rows, cols));
  }
  const Index row_stride = panel.a.row_stride, k_stride = panel.a.col_stride;
  const Pair* a = panel.a.data + first_row * row_stride;
  const Pair* b = panel.b;
  const char* line = ahead.line;
  Index left_in_row = ahead.left_in_row;
  const Index row_lines = ahead.row_lines, jump = ahead.jump, b_stride = panel.c.cols;
  for (Index k = panel.a.cols; k > 0; --k, a += k_stride, b += b_stride) {
    __builtin_prefetch(line, 0, 2);
    --left_in_row;
    line += left_in_row == 0 ? jump : cache_line;
    left_in_row = left_in_row == 0 ? row_lines : left_in_row;
    __m512bh b_row[std::size_t{Vectors}];
    NN_UNROLL
    for (int v = 0; v < Vectors; ++v) {
      b_row[v] = __builtin_bit_cast(__m512bh, _mm512_loadu_si512(b + v * lanes));
    }
    NN_UNROLL
    for (int i = 0; i < tile_rows; ++i) {
      const __m512bh pair = broadcast_pair(a[i * row_stride]);
      NN_UNROLL
      for (int v = 0; v < Vectors; ++v) sum[i][v] = _mm512_dpbf16_ps(sum[i][v], pair, b_row[v]);
    }
  }
  ahead.line = line;
  ahead.left_in_row = left_in_row;
  store_tile<Vectors>(panel, first_row, sum);
}

/// The first `rows` rows of a panel, whole tiles.
template <int Vectors>
NN_BFLOAT16_TARGET void pair_tiles(const PairPanel& panel, Index rows, PrefetchQueue& queue) {
  for (Index row = 0; row < rows; row += tile_rows) {
    // A step takes two elements of k and prefetches a line: twice as many as the queue counts on.
    pair_tile<Vectors>(panel, row,
                       queue.next(PrefetchQueue::steps_per_line * panel.a.cols, panel.b));
  }
}
NN_BFLOAT16_TARGET inline void pair_tiles(const PairPanel& panel, Index rows,
                                          PrefetchQueue& queue) {
  if (panel.c.cols == 3 * lanes) return pair_tiles<3>(panel, rows, queue);
  if (panel.c.cols == 2 * lanes) return pair_tiles<2>(panel, rows, queue);
  pair_tiles<1>(panel, rows, queue);
}

/// The rows from `first_row` on, tile by tile through a buffer of `width` columns, for tiles that
/// reach beyond c.
NN_BFLOAT16_TARGET inline void pair_tiles_buffered(PairPanel panel, Index first_row, Index width,
                                                   PrefetchQueue& queue) {
  const Matrix<float> c = panel.c;
  const Matrix<const float> mask = panel.mask;
  const Matrix<const Pair> a = panel.a;
  alignas(cache_line) float buffer[std::size_t{tile_rows * tile_cols}] = {};
  panel.c = Matrix<float>(buffer, tile_rows, width);
  panel.mask = {};
  for (Index row = first_row; row < c.rows; row += tile_rows) {
    const Matrix<float> part = c.block(row, 0, std::min(tile_rows, c.rows - row), c.cols);
    const Matrix<float> wanted = panel.c.block(0, 0, part.rows, part.cols);
    panel.a = a.block(row, 0, tile_rows, a.cols);
    if (panel.starts_from_c) avx512::copy_matrix<float>(part, wanted);
    pair_tiles(panel, tile_rows, queue);
    avx512::copy_matrix<float>(wanted, part);
    if (mask.data != nullptr) {
      avx512::finish_product<float>(part, {.mask = mask.block(row, 0, part.rows, part.cols)});
    }
  }
}

/// Does a task of at most `detail::bfloat16_chunk_depth` steps of k.
NN_BFLOAT16_TARGET inline void pair_chunk(const ProductTask<float>& chunk, PrefetchQueue& queue) {
  const Matrix<float>& c = chunk.c;
  const auto* a = static_cast<const Pair*>(chunk.packed_a);
  const auto* const shared_b = static_cast<const Pair*>(chunk.packed_b);
  const Index pairs = (chunk.b.rows + 1) / 2;
  Scratch<Pair> own_a;
  if (a == nullptr) {
    own_a = Scratch<Pair>(ScratchUse::rounded_a, whole_vectors(c.rows), pairs);
    chunk.a.visit([&](const auto& x) { pair_columns(x, own_a.data()); });
    a = own_a.data();
  }
  for (Index col = 0; col < c.cols; col += tile_cols) {
    const Index cols = std::min(tile_cols, c.cols - col), width = whole_vectors(cols);
    PairPanel panel{.a = chunk.a.visit([&](const auto& x) { return view_pairs(x, a); }),
                    .b = shared_b == nullptr ? nullptr : shared_b + pairs * col,
                    .c = c.block(0, col, c.rows, cols),
                    .starts_from_c = chunk.options.accumulate,
                    .mask = {}};
    if (chunk.is_final) panel.mask = chunk.options.mask.block(0, col, c.rows, cols);
    Scratch<Pair> own_b;
    if (panel.b == nullptr) {
      if (chunk.kept_b == nullptr) own_b = Scratch<Pair>(ScratchUse::packed_b, pairs, width);
      Pair* const to =
          chunk.kept_b == nullptr ? own_b.data() : static_cast<Pair*>(chunk.kept_b) + pairs * col;
      pack_pairs(chunk.b.block(0, col, chunk.b.rows, cols), width, to);
      panel.b = to;
    }
    const bool has_whole_rows = cols == width && c.col_stride == 1;
    const Index whole_rows = has_whole_rows ? c.rows / tile_rows * tile_rows : 0;
    pair_tiles(panel, whole_rows, queue);
    if (whole_rows < c.rows) pair_tiles_buffered(panel, whole_rows, width, queue);
  }
}

/// Does a task chunk by chunk, which is also how packed operands lie in memory.
template <class Multiply>
NN_BFLOAT16_TARGET void product_chunks(const ProductTask<float>& task,
                                       Index (*size_of_packed)(Index, Index),
                                       Multiply multiply_chunk) {
  if (!detail::is_contiguous(task.a) || !detail::is_contiguous(task.b)) {
    return detail::rounded_block(Isa::avx512, task);
  }
  constexpr Index most = detail::bfloat16_chunk_depth;
  const Index depth = task.b.rows;
  const bool only_masks = task.is_final && task.options.only_masks();
  ProductTask<float> chunk = task;
  const auto* const a = static_cast<const Pair*>(task.packed_a);
  const auto* const b = static_cast<const Pair*>(task.packed_b);
  auto* const kept_b = static_cast<Pair*>(task.kept_b);
  Index first = 0;
  do {
    const Index length = std::min(most, depth - first), next = first + length;
    PrefetchQueue queue = detail::prefetch_of(task, next, std::min(most, depth - next));
    chunk.a = task.a.block(0, first, task.c.rows, length);
    chunk.b = task.b.block(first, 0, length, task.b.cols);
    chunk.options.accumulate = first > 0 || task.options.accumulate;
    chunk.is_final = only_masks && next >= depth;
    if (a != nullptr) chunk.packed_a = a + size_of_packed(task.c.rows, first);
    if (b != nullptr) {
      chunk.packed_b = b + size_of_packed(task.b.cols, first);
      queue.fetch_packed(b + size_of_packed(task.b.cols, next),
                         size_of_packed(task.b.cols, std::min(most, depth - next)));
    }
    if (kept_b != nullptr) chunk.kept_b = kept_b + size_of_packed(task.b.cols, first);
    multiply_chunk(chunk, queue);
    first = next;
  } while (first < depth);
  if (task.is_final && !only_masks) avx512::finish_product<float>(task.c, task.options);
}

/// Does a `detail::ProductTask` on operands rounded to bfloat16.
NN_BFLOAT16_TARGET inline void product_block(const ProductTask<float>& task) {
  product_chunks(task, packed_size, pair_chunk);
}

}  // namespace nn::kernels::avx512bf16

#endif
