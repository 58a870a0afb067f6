// SPDX-License-Identifier: MIT
// Windows of a convolution's input, with the padding filled in.
#pragma once

#include <algorithm>

#include "nn/core/ceil_div.hpp"
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

/// Rows and columns of a kernel's cells.
struct MetCells {
  Range rows, cols;
};

/// The cells of a kernel that lie on a pixel of the image for some output pixel, and those between;
/// one cell where none does. With a large dilation or kernel they are few.
[[nodiscard]] inline MetCells met_cells(const Conv2DShape& s) {
  const auto along = [](Index size, Index out_size, Index kernel, Index stride, Index pad,
                        Index dilation) {
    const Index most_before = pad - (out_size - 1) * stride;  // the last output's
    const Index first = most_before <= 0 ? 0 : ceil_div(most_before, dilation);
    const Index end = pad + size <= 0 ? 0 : (pad + size - 1) / dilation + 1;
    const Index from = std::min(first, kernel - 1);
    return Range{from, std::clamp(end, from + 1, kernel)};
  };
  return {
      along(s.height, s.out_height, s.kernel_height, s.stride_height, s.pad_top, s.dilation_height),
      along(s.width, s.out_width, s.kernel_width, s.stride_width, s.pad_left, s.dilation_width)};
}

/// The convolution with nothing but these cells.
[[nodiscard]] inline Conv2DShape shape_of_cells(Conv2DShape s, const MetCells& cells) {
  s.kernel_height = cells.rows.size(), s.kernel_width = cells.cols.size();
  s.pad_top -= cells.rows.first * s.dilation_height;
  s.pad_left -= cells.cols.first * s.dilation_width;
  return s;
}

/// The window of the input that output rows first .. last - 1 read.
[[nodiscard]] inline ImageWindow input_window(const Conv2DShape& s, Index first, Index last) {
  return {first * s.stride_height - s.pad_top, -s.pad_left,
          (last - first - 1) * s.stride_height + (s.kernel_height - 1) * s.dilation_height + 1,
          (s.out_width - 1) * s.stride_width + (s.kernel_width - 1) * s.dilation_width + 1};
}

/// Whether some window reaches beyond the image.
[[nodiscard]] inline bool reads_padding(const Conv2DShape& s) {
  const ImageSize image{s.height, s.width, s.in_channels};
  return !image.contains(input_window(s, 0, s.out_height));
}

}  // namespace nn::kernels::detail
