// SPDX-License-Identifier: MIT
// A convolution as one matrix product for each cell of its kernel: between the output pixels whose
// cell lies on the image, and the input pixels that it lies on. So padding costs nothing.
#pragma once

#include <algorithm>

#include "nn/core/ceil_div.hpp"
#include "nn/kernels/cache.hpp"
#include "nn/kernels/conv2d_rows.hpp"
#include "nn/kernels/elementwise.hpp"
#include "nn/kernels/window_shape.hpp"

namespace nn::kernels::detail {

/// The outputs, of those given, whose cell lies on one of the given inputs; with the cell of output
/// q on input q stride + offset.
[[nodiscard]] inline Range outputs_on(Range inputs, Range outputs, Index stride, Index offset) {
  const auto first_from = [&](Index input) {  // first output q >= 0 with q stride + offset >= input
    return input <= offset ? 0 : ceil_div(input - offset, stride);
  };
  return {std::max(outputs.first, first_from(inputs.first)),
          std::min(outputs.end, first_from(inputs.end))};
}

/// A rectangle of output pixels and the input pixels under one of their cells: the first of each,
/// counted from the first pixel of the sample.
struct CellPixels {
  Index num_rows, num_cols, first_input, first_output;
};

/// The output pixels whose cell lies on the image, among these rows of the input and these rows and
/// columns of the output.
[[nodiscard]] inline CellPixels pixels_of_cell(const Conv2DShape& s, Index cell, Range input_rows,
                                               Range output_rows, Range output_cols) {
  const Index top = cell / s.kernel_width * s.dilation_height - s.pad_top;
  const Index left = cell % s.kernel_width * s.dilation_width - s.pad_left;
  const Range rows = outputs_on(input_rows, output_rows, s.stride_height, top);
  const Range cols = outputs_on({0, s.width}, output_cols, s.stride_width, left);
  return {rows.size(), cols.size(),
          (rows.first * s.stride_height + top) * s.width + cols.first * s.stride_width + left,
          rows.first * s.out_width + cols.first};
}

/// Calls body(first element, number) for the runs of consecutive elements that make up `channels`
/// of each of `pixels`, which have `pixel_size` elements.
template <class Body>
void for_each_run(Range pixels, Range channels, Index pixel_size, Body&& body) {
  if (channels.size() == pixel_size) {
    return body(pixels.first * pixel_size, pixels.size() * pixel_size);
  }
  for (Index p = pixels.first; p < pixels.end; ++p) {
    body(p * pixel_size + channels.first, channels.size());
  }
}

/// How many rows of y or dx stay in a core's cache while all cells pass over them.
template <class T>
[[nodiscard]] Index rows_in_cache(Index row_size) {
  return std::max<Index>(1, cached_elements<T>() / row_size);
}

/// Rows of one sample's y or dx, and some panels of its channels.
struct Band {
  Range rows, panels;
};

/// Adds the products of all cells to a band of `to`: to y from x, or to dx from dy if `transposed`,
/// with a kernel that is packed for it.
template <class T>
void add_cell_products(Isa set, const Conv2DShape& s, const PackedKernel<T>& kernel,
                       bool transposed, const Band& band, const T* from, T* to) {
  const Index num_cells = s.kernel_height * s.kernel_width;
  PixelRows<T> rows;
  Run run{0, 0};
  rows.runs = &run, rows.num_runs = 1, rows.run_length = kernel.num_rows / num_cells;
  const Index input_step = s.stride_width * s.in_channels, output_step = s.out_channels;
  const Index input_row_step = s.stride_height * s.width * s.in_channels;
  const Index output_row_step = s.out_width * s.out_channels;
  for (Index cell = 0; cell < num_cells; ++cell) {
    const CellPixels pixels =
        pixels_of_cell(s, cell, transposed ? band.rows : Range{0, s.height},
                       transposed ? Range{0, s.out_height} : band.rows, {0, s.out_width});
    const Index input = pixels.first_input * s.in_channels;
    const Index output = pixels.first_output * s.out_channels;
    run.row = cell * rows.run_length;
    const PixelGrid grid{pixels.num_rows,
                         pixels.num_cols,
                         transposed ? output_row_step : input_row_step,
                         transposed ? output_step : input_step,
                         transposed ? input_row_step : output_row_step,
                         transposed ? input_step : output_step};
    rows.pixels = grid.list();
    rows.num_pixels = grid.size();
    convolve_rows<T>(set, kernel, band.panels, rows, from + (transposed ? output : input),
                     to + (transposed ? input : output));
  }
}

}  // namespace nn::kernels::detail
