// SPDX-License-Identifier: MIT
// Sizes of the operations that slide a window over images: convolution and pooling.
#pragma once

#include <algorithm>

#include "nn/core/ceil_div.hpp"
#include "nn/core/config.hpp"

namespace nn::kernels {

/// Convolution of `batch` images. All tensors are contiguous, the last axis innermost:
/// x [batch, height, width, in_channels], W [kernel_height, kernel_width, in_channels,
/// out_channels], y [batch, out_height, out_width, out_channels]. Cell (u, v) of the window of
/// output pixel (i, j) lies on input pixel (i stride_height + u dilation_height - pad_top, j
/// stride_width + v dilation_width - pad_left); cells outside of the image read 0.
struct Conv2DShape {
  Index batch, height, width, in_channels;
  Index kernel_height, kernel_width;
  Index out_height, out_width, out_channels;
  Index stride_height, stride_width;
  Index pad_top, pad_left;
  Index dilation_height = 1, dilation_width = 1;

  [[nodiscard]] Index input_size() const { return height * width * in_channels; }  // of one sample
  [[nodiscard]] Index output_size() const { return out_height * out_width * out_channels; }
  /// Number of products that make one output value: rows of W as a matrix [patch_size,
  /// out_channels].
  [[nodiscard]] Index patch_size() const { return kernel_height * kernel_width * in_channels; }
};

/// The numbers first .. end - 1 of rows, pixels, channels or anything else that is counted.
struct Range {
  Index first, end;

  [[nodiscard]] Index size() const { return std::max<Index>(0, end - first); }
};

/// Pooling of `batch` images: x [batch, height, width, channels] -> y [batch, out_height,
/// out_width, channels]. Window cells are placed as those of Conv2DShape; cells outside of the
/// image are left out, and every window must meet the image. Or the windows of an axis share its
/// length as evenly as whole pixels allow: an output pixel takes all those that it lies on.
struct Pooling2DShape {
  Index batch, height, width, channels;
  Index pool_height, pool_width;
  Index out_height, out_width;
  Index stride_height, stride_width;
  Index pad_top = 0, pad_left = 0;
  bool is_shared = false;  ///< evenly; strides and padding don't count then

  [[nodiscard]] Index input_size() const { return height * width * channels; }  // of one sample
  [[nodiscard]] Index output_size() const { return out_height * out_width * channels; }
  /// The image's rows under the windows of an output row; its columns likewise.
  [[nodiscard]] Range rows_of(Index out_row) const {
    if (is_shared) return share(height, out_height, out_row);
    const Index top = out_row * stride_height - pad_top;
    return {std::max<Index>(0, top), std::min(height, top + pool_height)};
  }
  [[nodiscard]] Range columns_of(Index out_column) const {
    if (is_shared) return share(width, out_width, out_column);
    const Index left = out_column * stride_width - pad_left;
    return {std::max<Index>(0, left), std::min(width, left + pool_width)};
  }
  /// Whether each pixel lies in exactly one window.
  [[nodiscard]] bool tiles_image() const {
    if (is_shared) return height % out_height == 0 && width % out_width == 0;
    return stride_height == pool_height && stride_width == pool_width && pad_top == 0 &&
           pad_left == 0 && out_height * pool_height >= height && out_width * pool_width >= width;
  }
  /// What part i of `parts` lies on, of a length that is cut in parts of one size.
  [[nodiscard]] static Range share(Index length, Index parts, Index i) {
    return {i * length / parts, ceil_div((i + 1) * length, parts)};
  }
};

}  // namespace nn::kernels
