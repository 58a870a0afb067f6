// SPDX-License-Identifier: MIT
// The input gradient of a convolution, as convolutions of dy for the same inner kernel.
#pragma once

#include "nn/kernels/conv2d_rows.hpp"
#include "nn/kernels/window_shape.hpp"

namespace nn::kernels::detail {

/// Quotient rounded down, for b > 0.
[[nodiscard]] constexpr Index floor_divide(Index a, Index b) { return a / b - (a % b < 0 ? 1 : 0); }

/// One axis of the transposed convolution. With stride s, input position p = s q + phase - pad
/// meets kernel cell i at output q + (phase - i dilation) / s, for the cells where that is whole.
/// So inputs of equal phase are a convolution of stride 1 with those cells.
struct TransposedAxis {
  Index stride, pad, dilation;

  /// First position of this phase that is not before `first`.
  [[nodiscard]] Index first_position(Index phase, Index first) const {
    const Index distance = phase - pad - first;
    return first + distance - floor_divide(distance, stride) * stride;
  }
  [[nodiscard]] Index quotient(Index phase, Index position) const {
    return (position + pad - phase) / stride;
  }
  [[nodiscard]] bool meets(Index phase, Index cell) const {
    return (phase - cell * dilation) % stride == 0;
  }
  [[nodiscard]] Index output_offset(Index phase, Index cell) const {
    return (phase - cell * dilation) / stride;
  }
};

/// Output pixels that input rows first .. last - 1 of any phase meet.
[[nodiscard]] inline Window output_window(const Conv2DShape& s, Index first, Index last) {
  const Index kernel_rows = (s.kernel_height - 1) * s.dilation_height;
  const Index kernel_cols = (s.kernel_width - 1) * s.dilation_width;
  const Index top = floor_divide(first + s.pad_top - kernel_rows, s.stride_height);
  const Index left = floor_divide(s.pad_left - kernel_cols, s.stride_width);
  return {top, left, floor_divide(last - 1 + s.pad_top, s.stride_height) + 1 - top,
          floor_divide(s.width - 1 + s.pad_left, s.stride_width) + 1 - left};
}

/// Calls convolve(rows, offset in dx) for each phase of the dx rows first .. last - 1 of one
/// sample; `dy` views output_window(s, first, last).
template <class T, class Convolve>
void input_gradient_rows(const Conv2DShape& s, Index first, Index last, const WindowView<T>& dy,
                         Convolve&& convolve) {
  const TransposedAxis vertical{s.stride_height, s.pad_top, s.dilation_height};
  const TransposedAxis horizontal{s.stride_width, s.pad_left, s.dilation_width};
  const Window window = output_window(s, first, last);
  Run* const runs = scratch<Run>(ScratchUse::other, s.kernel_height * s.kernel_width);
  for (Index phase = 0; phase < s.stride_height * s.stride_width; ++phase) {
    const Index row_phase = phase / s.stride_width, col_phase = phase % s.stride_width;
    const Index row = vertical.first_position(row_phase, first);
    const Index col = horizontal.first_position(col_phase, 0);
    if (row >= last || col >= s.width) continue;
    const Index out_row = vertical.quotient(row_phase, row) - window.top;
    const Index out_col = horizontal.quotient(col_phase, col) - window.left;
    PixelRows<T> rows;
    for (Index i = 0; i < s.kernel_height; ++i)
      for (Index j = 0; j < s.kernel_width; ++j) {
        if (!vertical.meets(row_phase, i) || !horizontal.meets(col_phase, j)) continue;
        runs[rows.num_runs++] = {
            (out_row + vertical.output_offset(row_phase, i)) * dy.row_step +
                (out_col + horizontal.output_offset(col_phase, j)) * s.out_channels,
            (i * s.kernel_width + j) * s.out_channels};
      }
    rows.runs = runs;
    rows.run_length = s.out_channels;
    rows.num_rows = (last - 1 - row) / s.stride_height + 1;
    rows.num_pixels = (s.width - 1 - col) / s.stride_width + 1;
    rows.x_step = s.out_channels;
    rows.x_row_step = dy.row_step;
    rows.y_step = s.stride_width * s.in_channels;
    rows.y_row_step = s.stride_height * s.width * s.in_channels;
    convolve(rows, (row * s.width + col) * s.in_channels);
  }
}

template <class T>
void conv2d_input_gradient(Isa set, const Conv2DShape& s, const T* dy, const T* W, const T* mask,
                           T* dx) {
  const ImageSize image{s.out_height, s.out_width, s.out_channels};
  const bool in_place = image.contains(output_window(s, 0, s.height));
  const KernelLayout transposed{s.kernel_height * s.kernel_width,  // cells
                                s.out_channels,
                                s.in_channels,
                                s.in_channels * s.out_channels,
                                1,
                                s.out_channels};
  const PackedKernel<T> kernel = pack_kernel<T>(set, transposed, W, nullptr);
  const Index kernel_size = kernel.num_rows * kernel.num_channels;
  const RowPieces pieces(s.batch, s.height, kernel.num_panels(), kernel_size,
                         s.batch * s.out_height * s.out_width * kernel_size);
  parallel_for(pieces.count(), [&](Index piece) {
    pieces.for_each_sample(piece, s.height, [&](Index sample, Index first, Index last) {
      const Window window = output_window(s, first, last);
      T* const buffer = in_place ? nullptr : scratch<T>(ScratchUse::patches, image.size(window));
      const auto view = view_window(image, dy + sample * image.size(), window, in_place, buffer);
      input_gradient_rows(s, first, last, view, [&](const PixelRows<T>& rows, Index offset) {
        const Index at = sample * s.input_size() + offset;
        convolve_rows<T>(set, kernel, pieces.first_panel(piece), pieces.last_panel(piece), rows,
                         view.data, dx + at, mask == nullptr ? mask : mask + at);
      });
    });
  });
}

}  // namespace nn::kernels::detail
