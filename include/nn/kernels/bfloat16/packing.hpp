// SPDX-License-Identifier: MIT
// How operands are packed for products in AVX-512-BF16: rounded, in pairs of neighbours along k.
#pragma once

#include <algorithm>

#include "nn/core/ceil_div.hpp"
#include "nn/kernels/bfloat16/lines.hpp"
#include "nn/kernels/bfloat16/rounded.hpp"
#include "nn/kernels/bfloat16/targets.hpp"

#if defined(__x86_64__)

namespace nn::kernels::avx512bf16 {

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

[[nodiscard]] inline Index whole_vectors(Index count) { return round_up(count, lanes); }
/// Pairs that an operand with `count` rows or columns takes.
[[nodiscard]] inline Index packed_size(Index count, Index depth) {
  return whole_vectors(count) * ((depth + 1) / 2);
}
[[nodiscard]] inline Index packed_bytes(Index count, Index depth) {
  return packed_size(count, depth) * static_cast<Index>(sizeof(Pair));
}

/// How `pair_columns` leaves x [rows, depth] in `to`: pairs [whole_vectors(rows), depth / 2].
template <class E>
[[nodiscard]] Matrix<const Pair> view_pairs(const Matrix<const E>& x, const Pair* to) {
  const Index pairs = (x.cols + 1) / 2, rows = whole_vectors(x.rows);
  return x.col_stride == 1 ? Matrix<const Pair>(to, rows, pairs)
                           : Matrix<const Pair>(to, rows, pairs, 1, rows);
}
/// Packs x as pairs of neighbouring columns; rows that fill up the last vector are 0.
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

/// Packs b [depth, cols] as pairs of neighbouring rows [depth / 2][width]; columns that fill up the
/// width are 0.
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
  const Scratch<Pair> paired(ScratchUse::rounded_b, b.cols, pairs);
  for (Index j = 0; j < b.cols; ++j) {
    pair_neighbours(b.data + j * b.col_stride, b.rows, paired.data() + j * pairs);
  }
  // Packing only moves elements, of the size of a float.
  avx512::pack<float>({reinterpret_cast<const float*>(paired.data()), pairs, b.cols, 1, pairs},
                      width, reinterpret_cast<float*>(packed));
}

/// Pack a whole operand, chunk after chunk, and each chunk of b panel after panel.
NN_BFLOAT16_TARGET inline void pack_shared_a(Matrix<const float> a, void* to) {
  auto* const packed = static_cast<Pair*>(to);
  const Index rows = whole_vectors(a.rows);
  for (Index first = 0; first < a.cols; first += detail::bfloat16_chunk_depth) {
    const Index length = std::min(detail::bfloat16_chunk_depth, a.cols - first);
    pair_columns(a.block(0, first, a.rows, length), packed + first / 2 * rows);
  }
}
NN_BFLOAT16_TARGET inline void pack_shared_b(Matrix<const float> b, void* to) {
  auto* const packed = static_cast<Pair*>(to);
  const Index width = whole_vectors(b.cols);
  for (Index first = 0; first < b.rows; first += detail::bfloat16_chunk_depth) {
    const Index length = std::min(detail::bfloat16_chunk_depth, b.rows - first);
    for (Index col = 0; col < b.cols; col += tile_cols) {
      const Index cols = std::min(tile_cols, b.cols - col);
      pack_pairs(b.block(first, col, length, cols), whole_vectors(cols),
                 packed + first / 2 * width + (length + 1) / 2 * col);
    }
  }
}

}  // namespace nn::kernels::avx512bf16

#endif
