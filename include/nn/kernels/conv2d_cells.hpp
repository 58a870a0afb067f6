// SPDX-License-Identifier: MIT
// A convolution as one matrix product for each cell of its kernel: between the output pixels whose
// cell lies on the image, and the input pixels that it lies on. Padding costs nothing so.
#pragma once

#include <algorithm>

#include "nn/kernels/conv2d_rows.hpp"
#include "nn/kernels/elementwise.hpp"
#include "nn/kernels/window_shape.hpp"

namespace nn::kernels::detail {

/// The outputs, of those given, whose cell lies on one of the given inputs; with the cell of output
/// q on input q stride + offset.
[[nodiscard]] inline Range outputs_on(Range inputs, Range outputs, Index stride, Index offset) {
  const auto first_from = [&](Index input) {  // first output q >= 0 with q stride + offset >= input
    return input <= offset ? 0 : (input - offset + stride - 1) / stride;
  };
  return {std::max(outputs.first, first_from(inputs.first)),
          std::min(outputs.end, first_from(inputs.end))};
}

/// A rectangle of output pixels and the input pixels under one of their cells: the first of each,
/// counted from the first pixel of the sample.
struct CellPixels {
  Index num_rows, num_cols, first_input, first_output;
};

/// The output pixels whose cell lies on the image, among these rows of the input and the output.
[[nodiscard]] inline CellPixels pixels_of_cell(const Conv2DShape& s, Index cell, Range input_rows,
                                               Range output_rows) {
  const Index top = cell / s.kernel_width * s.dilation_height - s.pad_top;
  const Index left = cell % s.kernel_width * s.dilation_width - s.pad_left;
  const Range rows = outputs_on(input_rows, output_rows, s.stride_height, top);
  const Range cols = outputs_on({0, s.width}, {0, s.out_width}, s.stride_width, left);
  return {rows.size(), cols.size(),
          (rows.first * s.stride_height + top) * s.width + cols.first * s.stride_width + left,
          rows.first * s.out_width + cols.first};
}

/// Calls body(first element, number) for the runs of consecutive elements that make up `channels`
/// of each of `pixels`, which have `pixel_size` elements.
template <class Body>
void for_each_run(Index pixels, Range channels, Index pixel_size, Body&& body) {
  if (channels.size() == pixel_size) return body(Index{0}, pixels * pixel_size);
  for (Index p = 0; p < pixels; ++p) body(p * pixel_size + channels.first, channels.size());
}

}  // namespace nn::kernels::detail
