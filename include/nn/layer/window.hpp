// SPDX-License-Identifier: MIT
// Where the windows of a convolution or a pooling lie on one axis of an image.
#pragma once

#include <algorithm>
#include <string>

#include "nn/core/shape.hpp"
#include "nn/layer/arguments.hpp"

namespace nn {

/// Windows of `size` cells, `dilation` apart, every `stride` pixels.
struct Window {
  Index size;
  Index stride;
  Index dilation = 1;

  /// Pixels from the first cell to the last, both counted.
  [[nodiscard]] Index extent() const { return dilation * (size - 1) + 1; }

  /// Number of windows on `length` pixels: valid floor((length - extent) / stride) + 1, same
  /// ceil(length / stride). Zero or less where none fits.
  [[nodiscard]] Index count(Index length, Padding padding) const {
    if (padding == Padding::same) return (length + stride - 1) / stride;
    return length < extent() ? 0 : (length - extent()) / stride + 1;
  }

  /// Padding before the first pixel. The odd pixel of `same` goes to the end, as in TensorFlow.
  [[nodiscard]] Index pad_before(Index length, Padding padding) const {
    if (padding == Padding::valid) return 0;
    return std::max<Index>((count(length, padding) - 1) * stride + extent() - length, 0) / 2;
  }
};

/// Height and width after windows have slid over an image [height, width, channels]. Throws
/// `ShapeError` for samples of another rank and where no window fits.
[[nodiscard]] inline Size2D window_counts(const std::string& where, const Shape& image,
                                          Window vertical, Window horizontal, Padding padding) {
  if (image.rank() != 3) {
    throw ShapeError{sentence({where, "samples [height, width, channels]", image.to_string(), "",
                               "use images [N, height, width, channels]"})};
  }
  const Size2D counts{vertical.count(image[0], padding), horizontal.count(image[1], padding)};
  if (counts.height <= 0 || counts.width <= 0) {
    const Size2D extent{vertical.extent(), horizontal.extent()};
    throw ShapeError{
        sentence({where, "an image of at least " + extent.to_string(), image.to_string(),
                  "padding valid", "use smaller windows or nn::Padding::same"})};
  }
  return counts;
}

}  // namespace nn
