// SPDX-License-Identifier: MIT
// Convolution: cuts it into windows and rows for the inner kernel.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "nn/core/number_format.hpp"
#include "nn/kernels/cache.hpp"
#include "nn/kernels/conv2d_cells.hpp"

namespace nn::kernels::detail {

/// Input pixels that output rows first .. last - 1 touch.
[[nodiscard]] inline ImageWindow input_window(const Conv2DShape& s, Index first, Index last) {
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
  Run* const runs = scratch<Run>(ScratchUse::runs, rows.num_runs);
  for (Index r = 0; r < rows.num_runs; ++r) {
    const Index pixel =
        r / runs_per_row * s.dilation_height * window_cols + r % runs_per_row * s.dilation_width;
    runs[r] = {pixel * s.in_channels, r * rows.run_length};
  }
  rows.runs = runs;
}

/// Where y goes: to `data` or, rounded to bfloat16 while it is in the cache, to `short_data`.
template <class T>
struct Conv2DResult {
  T* data;
  Bfloat16* short_data = nullptr;
  void (*shorten)(Index count, const T* x, Bfloat16* to) = nullptr;

  /// Calls compute(to) for `channels` of each of `pixels`, which belong to `to` as they do to y
  /// from element `first` on.
  template <class Compute>
  void write(Index first, Range pixels, Range channels, Index pixel_size,
             const Compute& compute) const {
    if (short_data == nullptr) return compute(data + first);
    T* const to = scratch<T>(ScratchUse::unrounded, pixels.end * pixel_size);
    compute(to);
    for_each_run(pixels, channels, pixel_size,
                 [&](Index at, Index count) { shorten(count, to + at, short_data + first + at); });
  }
};

/// Whether to write y past the caches: it is larger than they are, and what is written into them
/// would first be read from memory. Vectors have to be whole and aligned.
template <class T>
[[nodiscard]] bool is_streamed(Isa set, const Conv2DShape& s, const Conv2DResult<T>& y) {
  const auto vector_bytes = static_cast<std::uintptr_t>(simd_size<T>(set)) * sizeof(T);
  return y.short_data == nullptr && s.out_channels % simd_size<T>(set) == 0 &&
         reinterpret_cast<std::uintptr_t>(y.data) % vector_bytes == 0 &&
         s.batch * s.output_size() > shared_cache_bytes() / static_cast<Index>(sizeof(T));
}

/// Runs the kernel's rows over windows of the input, with the padding filled in: the way for few
/// input channels, and where there is no padding.
template <class T>
void conv2d_by_windows(Isa set, const Conv2DShape& s, const PackedKernel<T>& kernel,
                       const RowPieces& row_pieces, const T* x, bool with_relu,
                       const Conv2DResult<T>& y) {
  // Pixels that are listed at once; fewer where they stay in the first cache until they are
  // rounded.
  const Index pixels = y.short_data == nullptr ? 4096 : std::max<Index>(4096 / s.out_channels, 1);
  RowPieces pieces = row_pieces;
  pieces.rows_per_band =
      std::clamp<Index>(pixels / std::max<Index>(s.out_width, 1), 1, s.out_height);
  const ImageSize image{s.height, s.width, s.in_channels};
  const bool in_place = image.contains(input_window(s, 0, s.out_height));
  PixelRows<T> rows;
  const Index window_cols = in_place ? s.width : input_window(s, 0, 1).cols;
  set_runs(s, window_cols, rows);
  const PixelGrid grid{pieces.rows_per_band,
                       s.out_width,
                       s.stride_height * window_cols * s.in_channels,
                       s.stride_width * s.in_channels,
                       s.out_width * s.out_channels,
                       s.out_channels};
  rows.pixels = grid.list();
  if (with_relu) rows.floor = T(0);
  rows.streams = is_streamed(set, s, y);
  parallel_for(pieces.count(), [&](Index piece) {
    pieces.for_each_band(piece, [&](Index sample, Range band) {
      const ImageWindow window = input_window(s, band.first, band.end);
      T* const buffer = in_place ? nullptr : scratch<T>(ScratchUse::windows, image.size(window));
      const auto view = view_window(image, x + sample * image.size(), window, in_place, buffer);
      PixelRows<T> part = rows;
      part.num_pixels = band.size() * s.out_width;
      const Range panels = pieces.panels(piece);
      y.write(sample * s.output_size() + band.first * grid.y_row_step, {0, part.num_pixels},
              kernel.channels_of(panels), s.out_channels,
              [&](T* to) { convolve_rows<T>(set, kernel, panels, part, view.data, to); });
    });
    if (rows.streams) end_streams();
  });
}

/// Runs the kernel's cells over the input: padding costs nothing, but y passes through the
/// registers once for each cell, which takes many channels to pay.
template <class T>
void conv2d_by_cells(Isa set, const Conv2DShape& s, const PackedKernel<T>& packed_kernel,
                     const RowPieces& row_pieces, const T* x, bool with_relu,
                     const Conv2DResult<T>& y) {
  PackedKernel<T> kernel = packed_kernel;
  kernel.bias = nullptr;  // adds to y
  const T* const bias = packed_kernel.bias;
  RowPieces pieces = row_pieces;
  pieces.rows_per_band = rows_in_cache<T>(s.out_width * s.out_channels);
  parallel_for(pieces.count(), [&](Index piece) {
    const Range panels = pieces.panels(piece), channels = kernel.channels_of(panels);
    pieces.for_each_band(piece, [&](Index sample, Range rows) {
      const Range pixels{rows.first * s.out_width, rows.end * s.out_width};
      y.write(sample * s.output_size(), pixels, channels, s.out_channels, [&](T* out) {
        for (Index p = pixels.first; p < pixels.end; ++p) {
          std::copy(bias + channels.first, bias + channels.end,
                    out + p * s.out_channels + channels.first);
        }
        add_cell_products<T>(set, s, kernel, false, {rows, panels}, x + sample * s.input_size(),
                             out);
        if (!with_relu) return;
        for_each_run(pixels, channels, s.out_channels, [&](Index first, Index count) {
          NN_DISPATCH_TO(set, relu, count, out + first, out + first);
        });
      });
    });
  });
}

template <class T>
void conv2d_forward(Isa set, const Conv2DShape& s, const T* x, const T* W, const T* bias,
                    Activation activation, const Conv2DResult<std::type_identity_t<T>>& y) {
  const KernelLayout layout{s.kernel_height * s.kernel_width, s.in_channels,  s.out_channels,
                            s.in_channels * s.out_channels,   s.out_channels, 1};
  const PackedKernel<T> kernel = pack_kernel(set, layout, W, bias);
  const Index kernel_size = kernel.num_rows * kernel.num_channels;
  const RowPieces pieces(s.batch, s.out_height, kernel.num_panels(),
                         kernel_size > 4 * cached_elements<T>(),
                         s.batch * s.out_height * s.out_width * kernel_size);
  const ImageSize image{s.height, s.width, s.in_channels};
  const bool has_padding = !image.contains(input_window(s, 0, s.out_height));
  constexpr Index many_channels = 128;
  const auto convolve =
      has_padding && s.in_channels >= many_channels ? conv2d_by_cells<T> : conv2d_by_windows<T>;
  convolve(set, s, kernel, pieces, x, activation == Activation::relu, y);
  if (activation == Activation::relu || activation == Activation::linear) return;
  NN_ASSERT(y.short_data == nullptr);
  activate(activation, s.batch * s.output_size(), y.data, y.data);
}

}  // namespace nn::kernels::detail
