// SPDX-License-Identifier: MIT
// Statistics of the columns of a matrix, and passes that use them. The words of this folder:
//   moments   of a column: its mean and its mean squared deviation from that
//   piece     the rows and columns that a thread takes at a time
//   strip     the columns of a piece
//   wide row  short rows, taken as one so that they fill vectors; `fold` is their number
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "nn/core/ceil_div.hpp"
#include "nn/core/finite.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/machine/scratch.hpp"
#include "nn/kernels/machine/simd.hpp"
#include "nn/kernels/normalization/naive.hpp"

#define NN_KERNEL_BODY "nn/kernels/normalization/normalization.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels {

namespace detail {

/// How a matrix [rows, cols] is cut in pieces: by its shape alone, so no sum depends on the number
/// of threads. Long rows are cut in strips of columns. Short rows are taken several at a time, as
/// one wide row, so that they fill vectors.
struct ColumnCut {
  Index rows, cols;
  Index strip = std::min<Index>(cols, 1024);  // columns of a piece
  Index fold;                                 // rows of a wide row
  Index width = fold * strip;                 // elements of a wide row
  Index stride = fold * cols;                 // from one to the next
  Index piece_rows = fold * std::max<Index>(1, block_size / std::max<Index>(width, 1));
  Index strips = ceil_div(cols, std::max<Index>(strip, 1));
  Index row_pieces = ceil_div(rows, piece_rows);

  [[gnu::noinline]] ColumnCut(Index num_rows, Index num_cols, Index rows_of_wide_row)
      : rows(num_rows), cols(num_cols), fold(rows_of_wide_row) {}
  ColumnCut(Index num_rows, Index num_cols)
      : ColumnCut(num_rows, num_cols, std::max<Index>(1, 256 / std::max<Index>(num_cols, 1))) {}

  struct Piece {
    Index number;  // of its rows among `row_pieces`
    Index row, rows, col, cols;
  };
  [[nodiscard, gnu::noinline]] Piece piece(Index i) const {
    const Index row = i / strips * piece_rows, col = i % strips * strip;
    return {i / strips, row, std::min(piece_rows, rows - row), col, std::min(strip, cols - col)};
  }
  /// Calls body(piece) for each piece, on all threads.
  template <class Body>
  void for_each_piece(Body&& body) const {
    parallel_for(strips * row_pieces, [&](Index i) { body(piece(i)); });
  }
  /// Calls body(first element, wide rows, width) for the wide rows of a piece, and then for rows
  /// that are too few for one.
  template <class Body>
  void for_each_part(const Piece& piece, Body&& body) const {
    const Index first = piece.row * cols + piece.col;
    const Index whole = piece.rows / fold, rest = piece.rows % fold;
    // A loop, so that the body is compiled once.
    for (int part = whole > 0 ? 0 : 1; part < (rest > 0 ? 2 : 1); ++part) {
      const bool is_rest = part == 1;
      body(is_rest ? first + whole * stride : first, is_rest ? Index{1} : whole,
           is_rest ? rest * cols : fold * piece.cols);
    }
  }
  /// sums[j] = the sum of wide over the rows of a wide row, in their order.
  template <class T>
  [[gnu::noinline]] void narrow(const Piece& piece, const T* wide, T* sums) const {
    std::copy_n(wide, piece.cols, sums);
    for (Index i = 1; i < fold; ++i) {
      for (Index j = 0; j < cols; ++j) sums[j] += wide[i * cols + j];
    }
  }
  /// The same values for each of the rows of a wide row.
  template <class T>
  [[gnu::noinline]] void widen(const T* values, Index count, T* wide) const {
    for (Index i = 0; i < fold; ++i) std::copy_n(values, count, wide + i * count);
  }
};

/// Of vectors [cols], what the passes over wide rows read: copies in this thread's memory where
/// rows are short, else the vectors themselves.
template <class T, std::size_t Count>
class Widened {
 public:
  Widened(const ColumnCut& cut, const std::array<const T*, Count>& values) : values_(values) {
    if (cut.fold == 1) return;
    copies_ = Scratch<T>(ScratchUse::column_values, static_cast<Index>(Count), cut.width);
    T* to = copies_.data();
    for (const T*& value : values_) {
      cut.widen(value, cut.cols, to);
      value = std::exchange(to, to + cut.width);
    }
  }
  [[nodiscard]] const T* operator[](std::size_t i) const { return values_[i]; }

 private:
  std::array<const T*, Count> values_;
  Scratch<T> copies_;
};

/// The piece's means, and its sums of squared deviations from these.
template <class T>
void moments_of_piece(const ColumnCut& cut, const ColumnCut::Piece& piece, const T* x, T* mean,
                      T* squares) {
  const Scratch<T> memory(ScratchUse::wide_row, Index{2}, cut.width);
  T* const wide = memory.data();
  T* const wide_mean = wide + cut.width;
  std::fill_n(wide, cut.width, T(0));
  cut.for_each_part(piece, [&](Index first, Index rows, Index width) {
    NN_DISPATCH(add_rows, rows, width, cut.stride, x + first, wide);
  });
  cut.narrow(piece, wide, mean);
  for (Index j = 0; j < piece.cols; ++j) mean[j] /= static_cast<T>(piece.rows);
  cut.widen(mean, piece.cols, wide_mean);
  std::fill_n(wide, cut.width, T(0));
  cut.for_each_part(piece, [&](Index first, Index rows, Index width) {
    NN_DISPATCH(add_squares_of_rows, rows, width, cut.stride, x + first, wide_mean, wide);
  });
  cut.narrow(piece, wide, squares);
}

}  // namespace detail

/// Mean and mean square deviation of each column. One pass over memory: a piece is read twice while
/// it is in the cache, first for its mean, then for deviations from that; pieces are put together
/// as Chan, Golub and LeVeque (1983) do. So the mean may be large beside the deviation.
/// Shapes  x [rows, cols]   mean, variance [cols]
template <Real T>
void column_moments(Index rows, Index cols, const T* x, T* mean, T* variance) {
  if constexpr (has_simd<T>) {
    const detail::ColumnCut cut{rows, cols};
    const Scratch<T> memory(ScratchUse::partial_sums, Index{2}, cut.row_pieces, cols);
    T* const means = memory.data();
    T* const squares = means + cut.row_pieces * cols;
    cut.for_each_piece([&](const detail::ColumnCut::Piece& piece) {
      const Index at = piece.number * cols + piece.col;
      detail::moments_of_piece(cut, piece, x, means + at, squares + at);
    });
    std::fill_n(mean, cols, T(0));
    std::fill_n(variance, cols, T(0));
    for (Index i = 0, done = 0; i < cut.row_pieces; ++i) {
      const Index more = std::min(cut.piece_rows, rows - done);
      const auto share =
          static_cast<T>(static_cast<double>(more) / static_cast<double>(done + more));
      const T factor = static_cast<T>(done) * share;
      for (Index j = 0; j < cols; ++j) {
        const T step = means[i * cols + j] - mean[j];
        mean[j] += step * share;
        variance[j] += squares[i * cols + j] + step * step * factor;
      }
      done += more;
    }
    for (Index j = 0; j < cols; ++j) variance[j] /= static_cast<T>(std::max<Index>(rows, 1));
  } else {
    naive::column_moments(rows, cols, x, mean, variance);
  }
}

/// y = (x - mean) scale + shift, with `relu` at least 0.
/// Shapes  x, y [rows, cols]   mean, scale, shift [cols]
template <Real T>
void shift_and_scale(Index rows, Index cols, const T* x, const T* mean, const T* scale,
                     const T* shift, T* y, bool relu = false) {
  if constexpr (has_simd<T>) {
    const detail::ColumnCut cut{rows, cols};
    const detail::Widened<T, 3> wide(cut, {mean, scale, shift});
    const T lowest = relu ? T(0) : -infinity<T>;
    cut.for_each_piece([&](const detail::ColumnCut::Piece& piece) {
      const Index col = piece.col;
      cut.for_each_part(piece, [&](Index first, Index part_rows, Index width) {
        NN_DISPATCH(shift_and_scale_rows, part_rows, width, cut.stride, x + first, wide[0] + col,
                    wide[1] + col, wide[2] + col, lowest, y + first);
      });
    });
  } else {
    naive::shift_and_scale(rows, cols, x, mean, scale, shift, y, relu);
  }
}

/// sums = sum_i dy, products = sum_i dy (x - mean), in pieces that are added in their order.
/// Shapes  x, dy [rows, cols]   mean, sums, products [cols]
template <Real T>
void column_products(Index rows, Index cols, const T* x, const T* dy, const T* mean, T* sums,
                     T* products) {
  if constexpr (has_simd<T>) {
    const detail::ColumnCut cut{rows, cols};
    const detail::Widened<T, 1> means(cut, {mean});
    const Scratch<T> memory(ScratchUse::partial_sums, Index{2}, cut.row_pieces, cols);
    T* const all_sums = memory.data();
    T* const all_products = all_sums + cut.row_pieces * cols;
    cut.for_each_piece([&](const detail::ColumnCut::Piece& piece) {
      const Scratch<T> wide_memory(ScratchUse::wide_row, Index{2}, cut.width);
      T* const wide = wide_memory.data();
      std::fill_n(wide, 2 * cut.width, T(0));
      cut.for_each_part(piece, [&](Index first, Index part_rows, Index width) {
        NN_DISPATCH(add_products_of_rows, part_rows, width, cut.stride, x + first, dy + first,
                    means[0] + piece.col, wide, wide + cut.width);
      });
      const Index at = piece.number * cols + piece.col;
      cut.narrow(piece, wide, all_sums + at);
      cut.narrow(piece, wide + cut.width, all_products + at);
    });
    std::fill_n(sums, cols, T(0));
    std::fill_n(products, cols, T(0));
    for (Index i = 0; i < cut.row_pieces; ++i) {
      for (Index j = 0; j < cols; ++j) {
        sums[j] += all_sums[i * cols + j];
        products[j] += all_products[i * cols + j];
      }
    }
  } else {
    naive::column_products(rows, cols, x, dy, mean, sums, products);
  }
}

/// dx = dy scale + (x - mean) slope + shift, with `masks` 0 where x <= 0 (the gradient of a ReLU
/// that made x).
/// Shapes  x, dy, dx [rows, cols]   others [cols]
template <Real T>
void combine_columns(Index rows, Index cols, const T* x, const T* dy, const T* mean, const T* scale,
                     const T* slope, const T* shift, T* dx, bool masks = false) {
  if constexpr (has_simd<T>) {
    const detail::ColumnCut cut{rows, cols};
    const detail::Widened<T, 4> wide(cut, {mean, scale, slope, shift});
    cut.for_each_piece([&](const detail::ColumnCut::Piece& piece) {
      const Index col = piece.col;
      cut.for_each_part(piece, [&](Index first, Index part_rows, Index width) {
        NN_DISPATCH(combine_rows, part_rows, width, cut.stride, x + first, dy + first,
                    wide[0] + col, wide[1] + col, wide[2] + col, wide[3] + col, dx + first, masks);
      });
    });
  } else {
    naive::combine_columns(rows, cols, x, dy, mean, scale, slope, shift, dx, masks);
  }
}

}  // namespace nn::kernels
