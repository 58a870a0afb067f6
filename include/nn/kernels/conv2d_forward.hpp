// SPDX-License-Identifier: MIT
// Convolution: cuts it into windows and rows for the inner kernel.
#pragma once

#include "nn/kernels/conv2d_rows.hpp"
#include "nn/kernels/elementwise.hpp"
#include "nn/kernels/window_shape.hpp"

namespace nn::kernels::detail {

/// Input pixels that output rows first .. last - 1 touch.
[[nodiscard]] inline Window input_window(const Conv2DShape& s, Index first, Index last) {
  return {first * s.stride_height - s.pad_top, -s.pad_left,
          (last - first - 1) * s.stride_height + (s.kernel_height - 1) * s.dilation_height + 1,
          (s.out_width - 1) * s.stride_width + (s.kernel_width - 1) * s.dilation_width + 1};
}

/// The kernel's cells as runs in windows of `window_cols` columns, in this thread's memory: cells
/// side by side make one run of each kernel row, cells apart are runs of their own.
template <class T>
void set_runs(const Conv2DShape& s, Index window_cols, PixelRows<T>& rows) {
  const bool is_dense = s.dilation_width == 1 || s.kernel_width == 1;
  const Index runs_per_row = is_dense ? 1 : s.kernel_width;
  rows.num_runs = s.kernel_height * runs_per_row;
  rows.run_length = s.kernel_width / runs_per_row * s.in_channels;
  Run* const runs = scratch<Run>(ScratchUse::other, rows.num_runs);
  for (Index r = 0; r < rows.num_runs; ++r) {
    const Index pixel =
        r / runs_per_row * s.dilation_height * window_cols + r % runs_per_row * s.dilation_width;
    runs[r] = {pixel * s.in_channels, r * rows.run_length};
  }
  rows.runs = runs;
}

template <class T>
void conv2d_forward(Isa set, const Conv2DShape& s, const T* x, const T* W, const T* bias,
                    Activation activation, T* y) {
  const ImageSize image{s.height, s.width, s.in_channels};
  const bool in_place = image.contains(input_window(s, 0, s.out_height));
  const KernelLayout layout{s.kernel_height * s.kernel_width, s.in_channels,  s.out_channels,
                            s.in_channels * s.out_channels,   s.out_channels, 1};
  const PackedKernel<T> kernel = pack_kernel(set, layout, W, bias);

  PixelRows<T> rows;
  const Index window_cols = in_place ? s.width : input_window(s, 0, 1).cols;
  set_runs(s, window_cols, rows);
  rows.num_pixels = s.out_width;
  rows.x_step = s.stride_width * s.in_channels;
  rows.x_row_step = s.stride_height * window_cols * s.in_channels;
  rows.y_step = s.out_channels;
  rows.y_row_step = s.out_width * s.out_channels;
  if (activation == Activation::relu) rows.floor = T(0);

  const Index kernel_size = kernel.num_rows * kernel.num_channels;
  const RowPieces pieces(s.batch, s.out_height, kernel.num_panels(), kernel_size,
                         s.batch * s.out_height * s.out_width * kernel_size);
  parallel_for(pieces.count(), [&](Index piece) {
    pieces.for_each_sample(piece, s.out_height, [&](Index sample, Index first, Index last) {
      const Window window = input_window(s, first, last);
      T* const buffer = in_place ? nullptr : scratch<T>(ScratchUse::patches, image.size(window));
      const auto view = view_window(image, x + sample * image.size(), window, in_place, buffer);
      PixelRows<T> part = rows;
      part.num_rows = last - first;
      convolve_rows<T>(set, kernel, pieces.first_panel(piece), pieces.last_panel(piece), part,
                       view.data, y + sample * s.output_size() + first * rows.y_row_step);
    });
  });
  if (activation != Activation::relu) activate(activation, s.batch * s.output_size(), y, y);
}

}  // namespace nn::kernels::detail
