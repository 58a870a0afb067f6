// SPDX-License-Identifier: MIT
// The input gradient of a convolution: the slopes of each cell's output pixels, times the cell's
// weights, are added to the input pixels that it lies on.
#pragma once

#include "nn/kernels/conv2d_cells.hpp"

namespace nn::kernels::detail {

/// Rows of dx, of one sample, for some panels of `kernel`.
template <class T>
void input_gradient_rows(Isa set, const Conv2DShape& s, const PackedKernel<T>& kernel, Range panels,
                         Range input_rows, const T* dy, const T* mask, T* dx) {
  const Range channels{panels.first * kernel.full_width(),
                       std::min(s.in_channels, panels.end * kernel.full_width())};
  const Index first_element = input_rows.first * s.width * s.in_channels;
  const Index num_pixels = input_rows.size() * s.width;
  for_each_run(num_pixels, channels, s.in_channels, [&](Index first, Index count) {
    std::fill_n(dx + first_element + first, count, T(0));
  });
  for (Index cell = 0; cell < s.kernel_height * s.kernel_width; ++cell) {
    const CellPixels pixels = pixels_of_cell(s, cell, input_rows, {0, s.out_height});
    const Run run{0, cell * s.out_channels};
    PixelRows<T> rows;
    rows.runs = &run, rows.num_runs = 1, rows.run_length = s.out_channels;
    rows.num_rows = pixels.num_rows, rows.num_pixels = pixels.num_cols;
    rows.x_step = s.out_channels, rows.x_row_step = s.out_width * s.out_channels;
    rows.y_step = s.stride_width * s.in_channels;
    rows.y_row_step = s.stride_height * s.width * s.in_channels;
    convolve_rows<T>(set, kernel, panels.first, panels.end, rows,
                     dy + pixels.first_output * s.out_channels,
                     dx + pixels.first_input * s.in_channels);
  }
  if (mask == nullptr) return;
  for_each_run(num_pixels, channels, s.in_channels, [&](Index first, Index count) {
    T* const out = dx + first_element + first;
    NN_DISPATCH_TO(set, relu_gradient, count, mask + first_element + first, out, out);
  });
}

template <class T>
void conv2d_input_gradient(Isa set, const Conv2DShape& s, const T* dy, const T* W, const T* mask,
                           T* dx) {
  const KernelLayout transposed{s.kernel_height * s.kernel_width,  // cells
                                s.out_channels,
                                s.in_channels,
                                s.in_channels * s.out_channels,
                                1,
                                s.out_channels};
  PackedKernel<T> kernel = pack_kernel<T>(set, transposed, W, nullptr);
  kernel.bias = nullptr;  // adds to dx
  const Index kernel_size = kernel.num_rows * kernel.num_channels;
  const RowPieces pieces(s.batch, s.height, kernel.num_panels(), kernel_size,
                         s.batch * s.out_height * s.out_width * kernel_size);
  parallel_for(pieces.count(), [&](Index piece) {
    const Range panels{pieces.first_panel(piece), pieces.last_panel(piece)};
    pieces.for_each_sample(piece, s.height, [&](Index sample, Index first, Index last) {
      const Index at = sample * s.input_size();
      input_gradient_rows<T>(set, s, kernel, panels, {first, last}, dy + sample * s.output_size(),
                             mask == nullptr ? mask : mask + at, dx + at);
    });
  });
}

}  // namespace nn::kernels::detail
