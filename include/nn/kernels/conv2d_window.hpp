// SPDX-License-Identifier: MIT
// How the convolution kernels see their input: windows with the padding filled in, and the runs of
// consecutive elements that a kernel's cells touch.
#pragma once

#include <algorithm>

#include "nn/core/ceil_div.hpp"
#include "nn/core/config.hpp"
#include "nn/kernels/window_shape.hpp"

namespace nn::kernels::detail {

/// Pixels [top, top + rows) x [left, left + cols) of an image, some of which may lie outside of it.
struct ImageWindow {
  Index top, left, rows, cols;
};

/// Size of one sample's image [height, width, channels].
struct ImageSize {
  Index height, width, channels;

  [[nodiscard]] Index size() const { return height * width * channels; }
  [[nodiscard]] Index size(const ImageWindow& window) const {
    return window.rows * window.cols * channels;
  }
  [[nodiscard]] bool contains(const ImageWindow& window) const {
    return window.top >= 0 && window.left >= 0 && window.top + window.rows <= height &&
           window.left + window.cols <= width;
  }
};

/// Copies a window of `image`, with zeros for pixels outside of it, to `out` [rows, cols,
/// channels].
template <class T>
void copy_window(const ImageSize& size, const T* image, const ImageWindow& window, T* out) {
  const Index row_size = window.cols * size.channels;
  // columns inside: first .. last - 1
  const Index first = std::clamp<Index>(-window.left, 0, window.cols);
  const Index last = std::clamp<Index>(size.width - window.left, first, window.cols);
  for (Index row = window.top; row < window.top + window.rows; ++row, out += row_size) {
    if (row < 0 || row >= size.height || first == last) {
      std::fill(out, out + row_size, T(0));
      continue;
    }
    const T* in = image + (row * size.width + window.left + first) * size.channels;
    std::fill(out, out + first * size.channels, T(0));
    T* const rest = std::copy(in, in + (last - first) * size.channels, out + first * size.channels);
    std::fill(rest, out + row_size, T(0));
  }
}

/// Where a window's pixels are to be read: (row, col) at `data + row * row_step + col * channels`.
template <class T>
struct WindowView {
  const T* data;
  Index row_step;
};

/// The window itself if `in_place`, else a copy of it in `buffer` [rows, cols, channels].
template <class T>
[[nodiscard]] WindowView<T> view_window(const ImageSize& size, const T* image,
                                        const ImageWindow& window, bool in_place, T* buffer) {
  if (in_place) {
    return {image + (window.top * size.width + window.left) * size.channels,
            size.width * size.channels};
  }
  copy_window(size, image, window, buffer);
  return {buffer, window.cols * size.channels};
}

/// `run_length` consecutive elements of the input, from `input` on (counted from an output pixel's
/// first), meet as many rows of the packed kernel, from `row` on.
struct Run {
  Index input, row;
};

/// How output rows (of all samples, counted through) and panels of channels are cut into pieces of
/// work. Panels are shared out where the kernel outgrows a core's cache.
struct RowPieces {
  Index rows_per_sample, total_rows, rows_per_piece, num_panels, num_groups;
  Index rows_per_band;  // at most, all of one sample

  /// `shares_panels`: the kernel outgrows a core's cache.
  RowPieces(Index batch, Index num_rows, Index panels, bool shares_panels, Index products)
      : rows_per_sample(num_rows),
        total_rows(batch * num_rows),
        num_panels(panels),
        rows_per_band(num_rows) {
    constexpr Index max_pieces = 64, min_products = Index{1} << 15;
    const Index pieces = std::clamp<Index>(products / min_products, 1, max_pieces);
    num_groups = shares_panels ? std::min(num_panels, pieces) : 1;
    const Index row_pieces = std::max<Index>(1, pieces / num_groups);
    rows_per_piece = std::max<Index>(1, ceil_div(total_rows, row_pieces));
  }

  [[nodiscard]] Index count() const { return ceil_div(total_rows, rows_per_piece) * num_groups; }
  [[nodiscard]] Range panels(Index piece) const {
    const Index group = piece % num_groups;
    return {group * num_panels / num_groups, (group + 1) * num_panels / num_groups};
  }
  /// Calls body(sample, rows) for each band of a piece's rows.
  template <class Body>
  void for_each_band(Index piece, Body&& body) const {
    Index row = piece / num_groups * rows_per_piece;
    const Index end = std::min(total_rows, row + rows_per_piece);
    while (row < end) {
      const Index first = row % rows_per_sample;
      const Index count = std::min({end - row, rows_per_sample - first, rows_per_band});
      body(row / rows_per_sample, Range{first, first + count});
      row += count;
    }
  }
};

}  // namespace nn::kernels::detail
