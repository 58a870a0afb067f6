// SPDX-License-Identifier: MIT
// What the driver of the matrix product tells the kernels of an instruction set.
#pragma once

#include "nn/core/ceil_div.hpp"
#include "nn/core/memory.hpp"
#include "nn/kernels/product/operand.hpp"
#include "nn/kernels/product/options.hpp"

namespace nn::kernels::detail {

/// One block of a product, for one thread: c = a b or, if `options.accumulate`, c += a b; and then,
/// if `is_final`, bias, activation and mask.
template <class T>
struct ProductTask {
  Operand<T> a;
  Matrix<const T> b;
  Matrix<T> c;
  ProductOptions<T> options{};
  bool is_final = true;
  Operand<T> next_a{};  ///< what the thread reads after this block, to prefetch; may be empty
  Matrix<const T> next_b{};
  const void* packed_a = nullptr;  ///< a, if it is packed: as by `pack_a` or `pack_tiles`
  const void* packed_b = nullptr;  ///< b, if it is packed: as by `pack_b`
  void* kept_b = nullptr;          ///< memory for b, packed, which this task fills; or null
};

/// Whether neighbours along one side lie side by side, as packing asks for.
template <class T>
[[nodiscard]] bool is_contiguous(const Matrix<const T>& x) {
  return x.row_stride == 1 || x.col_stride == 1;
}
template <class T>
[[nodiscard]] bool is_contiguous(const Operand<T>& x) {
  return x.visit([](const auto& matrix) { return is_contiguous(matrix); });
}

/// Steps of k in a chunk.
inline constexpr Index chunk_depth = 256;

/// A walk over the cache lines of a matrix, while the inner loop of a tile runs.
struct PrefetchWalk {
  const char* line = nullptr;
  Index left_in_row = 0;  ///< lines, the current one included
  Index row_lines = 0;
  Index jump = 0;  ///< bytes from the last line of a row to the first of the next
  Index lines_left = 0;

  PrefetchWalk() = default;
  template <class T>
  explicit PrefetchWalk(Matrix<const T> x) {
    if (x.rows <= 0 || x.cols <= 0) return;
    if (x.col_stride != 1) x = x.transposed();
    line = reinterpret_cast<const char*>(x.data);
    row_lines = ceil_div(x.cols * static_cast<Index>(sizeof(T)), cache_line);
    left_in_row = row_lines;
    jump = x.row_stride * static_cast<Index>(sizeof(T)) - (row_lines - 1) * cache_line;
    lines_left = x.rows * row_lines;
  }

  template <class T>
  explicit PrefetchWalk(const Operand<T>& x)
      : PrefetchWalk(x.visit([](const auto& matrix) { return PrefetchWalk(matrix); })) {}

  /// Fetches the next line. (Inner loops in vectors repeat this, to keep the numbers in registers.)
  void fetch() {
    __builtin_prefetch(line, 0, 2);
    --left_in_row;
    line += left_in_row == 0 ? jump : cache_line;
    left_in_row = left_in_row == 0 ? row_lines : left_in_row;
  }
};

/// What to prefetch while tiles are computed, one thing after the other.
struct PrefetchQueue {
  /// Steps of k to one prefetched line. More lines at once would take up the few buffers of the
  /// first cache that the operands need.
  static constexpr Index steps_per_line = 2;

  PrefetchWalk first;
  PrefetchWalk second;
  PrefetchWalk nothing{};

  /// The next part of b is read packed, if there is one.
  template <class T>
  void fetch_packed(const T* packed, Index count) {
    if (count > 0) first = PrefetchWalk(Matrix<const T>(packed, 1, count));
  }

  /// The walk that a tile of `depth` steps continues; one over `harmless` memory when all is
  /// fetched.
  [[nodiscard, gnu::noinline]] PrefetchWalk& next(Index depth, const void* harmless) {
    for (PrefetchWalk* ahead : {&first, &second}) {
      if (ahead->lines_left <= 0) continue;
      ahead->lines_left -= depth / steps_per_line;
      return *ahead;
    }
    nothing.line = static_cast<const char*>(harmless);
    nothing.left_in_row = depth + 1;
    return nothing;
  }
};

/// Fetches what the end of a tile of c reads and writes, while its sums are computed.
template <class T>
__attribute__((always_inline)) inline void prefetch_tile(const Matrix<const T>& mask,
                                                         const Matrix<const T>& c) {
  constexpr Index line = cache_line / static_cast<Index>(sizeof(T));
  for (Index i = 0; i < c.rows; ++i) {
    for (Index j = 0; j < c.cols; j += line) {
      __builtin_prefetch(&mask(i, j), 0, 3);
      __builtin_prefetch(&c(i, j), 1, 3);
    }
  }
}

/// What to prefetch while the steps of k before `next` are computed: the `length` steps that
/// follow, or what follows the task.
template <class T>
[[nodiscard]] PrefetchQueue prefetch_of(const ProductTask<T>& task, Index next, Index length) {
  if (length <= 0) return {PrefetchWalk(task.next_b), PrefetchWalk(task.next_a)};
  return {PrefetchWalk(task.b.block(next, 0, length, task.b.cols)),
          PrefetchWalk(task.a.block(0, next, task.a.rows(), length))};
}

}  // namespace nn::kernels::detail
