// SPDX-License-Identifier: MIT
// Means of the columns of several matrices, and their gradient.
#pragma once

#include <algorithm>

#include "nn/kernels/normalization/normalization.hpp"

namespace nn::kernels {

namespace naive {

template <Real T>
void column_means(Index batch, Index rows, Index cols, const T* x, T* means) {
  for (Index i = 0; i < batch * cols; ++i) {
    const T* const column = x + i / cols * rows * cols + i % cols;
    T sum(0);
    for (Index row = 0; row < rows; ++row) sum += column[row * cols];
    means[i] = sum / static_cast<T>(rows);
  }
}

template <Real T>
void column_means_gradient(Index batch, Index rows, Index cols, const T* dy, const T* mask, T* dx) {
  for (Index i = 0; i < batch * rows * cols; ++i) {
    const bool is_cut = mask != nullptr && mask[i] <= T(0);
    const Index column = i / (rows * cols) * cols + i % cols;
    dx[i] = is_cut ? T(0) : dy[column] / static_cast<T>(rows);
  }
}

}  // namespace naive

namespace detail {

/// The pieces of several matrices of one shape.
struct BatchCut {
  BatchCut(Index batch, Index rows, Index cols)
      : matrices(batch),
        // No more rows side by side than a matrix has.
        matrix(rows, cols, std::clamp<Index>(rows, 1, 256 / std::clamp<Index>(cols, 1, 256))) {}

  /// Calls body(matrix, piece) for each piece of each matrix, on all threads.
  template <class Body>
  void for_each_piece(Body&& body) const {
    const Index pieces = matrix.strips * matrix.row_pieces;
    const Index size = std::min(matrix.piece_rows, matrix.rows) * matrix.strip;
    for_each_row(matrices * pieces, size,
                 [&](Index i) { body(i / pieces, matrix.piece(i % pieces)); });
  }

  Index matrices;
  ColumnCut matrix;
};

}  // namespace detail

/// The means of the columns of each matrix, whose pieces are added in their order.
/// Shapes  x [batch, rows, cols]   means [batch, cols]
template <Real T>
void column_means(Index batch, Index rows, Index cols, const T* x, T* means) {
  if constexpr (has_simd<T>) {
    const detail::BatchCut cut(batch, rows, cols);
    const Index pieces = cut.matrix.row_pieces;
    const Scratch<T> memory(ScratchUse::partial_sums, batch, pieces, cols);
    T* const sums = memory.data();
    cut.for_each_piece([&](Index n, const detail::ColumnCut::Piece& piece) {
      const Scratch<T> wide_memory(ScratchUse::wide_row, cut.matrix.width);
      T* const wide = wide_memory.data();
      std::fill_n(wide, cut.matrix.width, T(0));
      cut.matrix.for_each_part(piece, [&](Index first, Index part_rows, Index width) {
        NN_DISPATCH(add_rows, part_rows, width, cut.matrix.stride, x + n * rows * cols + first,
                    wide);
      });
      cut.matrix.narrow(piece, wide, sums + (n * pieces + piece.number) * cols + piece.col);
    });
    for (Index n = 0; n < batch; ++n) {
      for (Index j = 0; j < cols; ++j) {
        T sum(0);
        for (Index i = 0; i < pieces; ++i) sum += sums[(n * pieces + i) * cols + j];
        means[n * cols + j] = sum / static_cast<T>(rows);
      }
    }
  } else {
    naive::column_means(batch, rows, cols, x, means);
  }
}

/// Each row of dx is dy / rows, but 0 where the mask is 0 or less.
/// Shapes  dy [batch, cols]   mask, dx [batch, rows, cols]; mask may be null
template <Real T>
void column_means_gradient(Index batch, Index rows, Index cols, const T* dy, const T* mask, T* dx) {
  if constexpr (has_simd<T>) {
    const detail::BatchCut cut(batch, rows, cols);
    cut.for_each_piece([&](Index n, const detail::ColumnCut::Piece& piece) {
      const Scratch<T> memory(ScratchUse::wide_row, Index{2}, cut.matrix.width);
      T* const wide = memory.data();
      T* const share = wide + cut.matrix.width;
      for (Index j = 0; j < piece.cols; ++j) {
        share[j] = dy[n * cols + piece.col + j] / static_cast<T>(rows);
      }
      cut.matrix.widen(share, piece.cols, wide);
      cut.matrix.for_each_part(piece, [&](Index first, Index part_rows, Index width) {
        const Index at = n * rows * cols + first;
        NN_DISPATCH(repeat_row, part_rows, width, cut.matrix.stride, wide,
                    mask == nullptr ? nullptr : mask + at, dx + at);
      });
    });
  } else {
    naive::column_means_gradient(batch, rows, cols, dy, mask, dx);
  }
}

}  // namespace nn::kernels
