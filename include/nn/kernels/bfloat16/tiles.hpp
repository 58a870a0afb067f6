// SPDX-License-Identifier: MIT
// Blocks of products of bfloat16 numbers, summed in float, in the tile registers of AMX.
#pragma once

#include <algorithm>
#include <cstdint>

#include "nn/core/ceil_div.hpp"
#include "nn/kernels/bfloat16/pairs.hpp"
#include "nn/kernels/bfloat16/targets.hpp"

#if defined(__x86_64__)

namespace nn::kernels::amx {

using avx512bf16::lanes;
using avx512bf16::Pair;
using detail::ProductTask;

// A tile register has 16 rows of 16 floats or pairs. One instruction adds the products of 32 steps
// of k to the sums of 16 rows by 16 columns.
inline constexpr Index tile_depth = 2 * lanes, tile_size = lanes * lanes;
// The sums that are computed at once, in four tiles: rows, and columns.
inline constexpr Index block_side = 2 * lanes;

/// Gives this thread its tile registers for as long as it lives.
class TileRegisters {
 public:
  NN_AMX_TARGET TileRegisters() { _tile_loadconfig(&whole_tiles); }
  TileRegisters(const TileRegisters&) = delete;
  TileRegisters& operator=(const TileRegisters&) = delete;
  NN_AMX_TARGET ~TileRegisters() { _tile_release(); }

 private:
  struct Configuration {
    std::uint8_t palette, start_row, reserved[14];
    std::uint16_t row_bytes[16];
    std::uint8_t rows[16];
  };
  alignas(64) static constexpr Configuration whole_tiles{
      1, 0, {}, {64, 64, 64, 64, 64, 64, 64, 64}, {16, 16, 16, 16, 16, 16, 16, 16}};
};

/// `count` rows or columns, rounded up to whole blocks.
[[nodiscard]] inline Index whole_blocks(Index count) { return round_up(count, block_side); }
[[nodiscard]] inline Index depth_tiles(Index depth) { return ceil_div(depth, tile_depth); }
/// Pairs that an operand with `count` rows or columns takes.
[[nodiscard]] inline Index packed_size(Index count, Index depth) {
  return checked_product({whole_blocks(count) / lanes, depth_tiles(depth), tile_size});
}
[[nodiscard]] inline Index packed_bytes(Index count, Index depth) {
  return packed_size(count, depth) * static_cast<Index>(sizeof(Pair));
}

/// Elements side by side.
template <class E>
struct Line {
  const E* data;
  Index size;
};

/// What row `number` of x has from column `first` on, which may be nothing.
template <class E>
[[nodiscard]] NN_INLINE Line<E> line_of(const Matrix<const E>& x, Index number, Index first) {
  if (number >= x.rows || first >= x.cols) return {nullptr, 0};
  return {&x(number, first), x.cols - first};
}

/// Packs a line as pairs of neighbours: one row of each of `count` tiles, which lie `step` apart.
template <class E>
NN_AMX_TARGET NN_INLINE void pack_line(Line<E> line, Pair* row, Index count, Index step) {
  for (Index k = 0; k < count * tile_depth; k += tile_depth, row += step) {
    const Index left = line.size - k;
    _mm512_store_si512(
        row, left > 0 ? avx512bf16::neighbours(line.data + k, left) : _mm512_setzero_si512());
  }
}
/// The same with pairs across two lines.
template <class E>
NN_AMX_TARGET NN_INLINE void pack_lines(Line<E> even, Line<E> odd, Pair* row, Index count,
                                        Index step) {
  for (Index j = 0; j < count * lanes; j += lanes, row += step) {
    const Index left = even.size - j;  // odd has as many, or none
    const E* const below = odd.size == 0 ? nullptr : odd.data + j;
    _mm512_store_si512(row, left > 0 ? avx512bf16::pairs_across(even.data + j, below, left)
                                     : _mm512_setzero_si512());
  }
}

NN_AMX_TARGET inline void transpose_tile(const Pair* tile, Pair* transposed) {
  // That only moves elements, of the size of a float.
  const auto* const from = reinterpret_cast<const float*>(tile);
  auto* const to = reinterpret_cast<float*>(transposed);
  for (Index i = 0; i < lanes; i += 4) {
    avx512::pack_transposed<float>(from + i, lanes, lanes, to + i * lanes);
  }
}

/// Packs x [count, depth], which is a or b^T, as tiles [count / 16][depth / 32], those of b
/// transposed. Reads lines in the order of memory, which the hardware prefetcher follows.
template <class E>
NN_AMX_TARGET void pack_tiles(const Matrix<const E>& x, bool transposed, Pair* packed) {
  constexpr Index most = 8;  // tiles that are filled at once
  alignas(64) Pair buffer[std::size_t{most * tile_size}];
  const bool is_along = x.col_stride == 1;  // pairs lie side by side
  const bool transposes = is_along == transposed;
  const Matrix<const E> rows = is_along ? x : x.transposed();
  const Index across_tiles = whole_blocks(x.rows) / lanes, along_tiles = depth_tiles(x.cols);
  const Index strips = is_along ? across_tiles : along_tiles;
  const Index tiles = is_along ? along_tiles : across_tiles;  // of a strip
  const Index strip_step = tile_size * (is_along ? along_tiles : 1);
  const Index step = tile_size * (is_along ? 1 : along_tiles);
  for (Index strip = 0; strip < strips; ++strip) {
    for (Index tile = 0; tile < tiles; tile += most) {
      const Index count = std::min(most, tiles - tile);
      Pair* const to = packed + strip * strip_step + tile * step;
      Pair* row = transposes ? buffer : to;
      const Index row_step = transposes ? tile_size : step;
      const Index first = tile * (is_along ? tile_depth : lanes);
      for (Index i = strip * lanes; i < (strip + 1) * lanes; ++i, row += lanes) {
        if (is_along) {
          pack_line(line_of(rows, i, first), row, count, row_step);
        } else {
          const Line<E> even = line_of(rows, 2 * i, first), odd = line_of(rows, 2 * i + 1, first);
          pack_lines(even, odd, row, count, row_step);
        }
      }
      for (Index t = 0; transposes && t < count; ++t) {
        transpose_tile(buffer + t * tile_size, to + t * step);
      }
    }
  }
}

/// Packs a whole operand, chunk after chunk.
NN_AMX_TARGET inline void pack_shared(Matrix<const float> x, bool transposed, void* to) {
  auto* const packed = static_cast<Pair*>(to);
  for (Index first = 0; first < x.cols; first += detail::bfloat16_chunk_depth) {
    const Index length = std::min(detail::bfloat16_chunk_depth, x.cols - first);
    pack_tiles(x.block(0, first, x.rows, length), transposed, packed + packed_size(x.rows, first));
  }
}
inline void pack_shared_a(Matrix<const float> a, void* to) { pack_shared(a, false, to); }
inline void pack_shared_b(Matrix<const float> b, void* to) {
  pack_shared(b.transposed(), true, to);
}

/// What a block of sums is computed from: two rows of tiles of a, and two of b^T.
struct TileRows {
  const Pair* a;
  const Pair* b;
  Index depth;  // tiles
  bool starts_from_c;
};

/// c [32, 32] (+)= a b
NN_AMX_TARGET inline void multiply_tiles(const TileRows& rows, float* c, Index c_row_stride,
                                         detail::PrefetchQueue& queue) {
  constexpr int tile_stride = 64;
  constexpr Index lines_per_step = 8;  // prefetched; more would hold up the tiles' own loads
  const Index stride = c_row_stride * static_cast<Index>(sizeof(float));
  float* const lower = c + lanes * c_row_stride;
  const Index size = rows.depth * tile_size;
  const Pair *a = rows.a, *b = rows.b, *lower_a = a + size, *right_b = b + size;
  // The intrinsics do not tell the compiler that they read memory.
  asm volatile("" ::: "memory");
  if (rows.starts_from_c) {
    _tile_loadd(0, c, stride);
    _tile_loadd(1, c + lanes, stride);
    _tile_loadd(2, lower, stride);
    _tile_loadd(3, lower + lanes, stride);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  detail::PrefetchWalk& ahead =
      queue.next(detail::PrefetchQueue::steps_per_line * lines_per_step * rows.depth, a);
  for (Index k = 0; k < size; k += tile_size) {
    for (Index i = 0; i < lines_per_step; ++i) ahead.fetch();
    _tile_loadd(4, a + k, tile_stride);
    _tile_loadd(6, b + k, tile_stride);
    _tile_loadd(5, lower_a + k, tile_stride);
    _tile_loadd(7, right_b + k, tile_stride);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, c, stride);
  _tile_stored(1, c + lanes, stride);
  _tile_stored(2, lower, stride);
  _tile_stored(3, lower + lanes, stride);
}

/// Copies sums [32, 32] to c, which may be smaller; or 0 where the mask says so.
NN_AMX_TARGET inline void store_sums(const float* sums, Matrix<float> c,
                                     const Matrix<const float>& mask) {
  using Floats = avx512::Simd<float>;
  if (c.col_stride != 1) {
    avx512::copy_matrix<float>({sums, c.rows, c.cols, block_side, 1}, c);
    if (mask.data != nullptr) avx512::finish_product<float>(c, {.mask = mask});
    return;
  }
  for (Index i = 0; i < c.rows; ++i) {
    for (Index j = 0; j < c.cols; j += lanes) {
      const Index count = c.cols - j;
      __m512 y = _mm512_load_ps(sums + i * block_side + j);
      if (mask.data != nullptr) {
        const __m512 m = Floats::load(&mask(i, j), count);
        y = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(m, _mm512_setzero_ps(), _CMP_NLE_UQ), y);
      }
      Floats::store(&c(i, j), y, count);
    }
  }
}

/// Does a task of at most `detail::bfloat16_chunk_depth` steps of k.
NN_AMX_TARGET inline void product_chunk(const ProductTask<float>& chunk,
                                        detail::PrefetchQueue& queue) {
  const Matrix<float>& c = chunk.c;
  const Index depth = depth_tiles(chunk.b.rows);
  const auto* a = static_cast<const Pair*>(chunk.packed_a);
  const auto* b = static_cast<const Pair*>(chunk.packed_b);
  Scratch<Pair> own_a, own_b;
  if (a == nullptr) {
    own_a = Scratch<Pair>(ScratchUse::rounded_a, packed_size(c.rows, chunk.b.rows));
    chunk.a.visit([&](const auto& x) { pack_tiles(x, false, own_a.data()); });
    a = own_a.data();
  }
  if (b == nullptr) {
    auto* to = static_cast<Pair*>(chunk.kept_b);
    if (to == nullptr) {
      own_b = Scratch<Pair>(ScratchUse::packed_b, packed_size(c.cols, chunk.b.rows));
      to = own_b.data();
    }
    pack_tiles(chunk.b.transposed(), true, to);
    b = to;
  }
  for (Index col = 0; col < c.cols; col += block_side) {
    const Index cols = std::min(block_side, c.cols - col);
    for (Index row = 0; row < c.rows; row += block_side) {
      const Matrix<float> block = c.block(row, col, std::min(block_side, c.rows - row), cols);
      const TileRows rows{a + row / lanes * depth * tile_size, b + col / lanes * depth * tile_size,
                          depth, chunk.options.accumulate};
      const Matrix<const float> mask = chunk.is_final
                                           ? chunk.options.mask.block(row, col, block.rows, cols)
                                           : Matrix<const float>();
      const bool is_whole = block.rows == block_side && cols == block_side && c.col_stride == 1;
      if (is_whole && mask.data == nullptr) {
        multiply_tiles(rows, block.data, block.row_stride, queue);
      } else {
        alignas(64) float sums[std::size_t{block_side * block_side}];
        if (rows.starts_from_c) {
          avx512::copy_matrix<float>(block, {sums, block.rows, cols, block_side, 1});
        }
        if (mask.data != nullptr) detail::prefetch_tile<float>(mask, block);
        multiply_tiles(rows, sums, block_side, queue);
        store_sums(sums, block, mask);
      }
    }
  }
}

/// Does a `detail::ProductTask` on operands rounded to bfloat16.
NN_AMX_TARGET inline void product_block(const ProductTask<float>& task) {
  const TileRegisters registers;
  avx512bf16::product_chunks(task, packed_size, product_chunk);
}

}  // namespace nn::kernels::amx

#endif
