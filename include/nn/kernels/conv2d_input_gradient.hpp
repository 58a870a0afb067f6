// SPDX-License-Identifier: MIT
// The input gradient of a convolution: dy of each cell's output pixels, times the cell's weights,
// is added to the input pixels that the cell lies on.
#pragma once

#include <algorithm>

#include "nn/kernels/conv2d_cells.hpp"

namespace nn::kernels::detail {

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
  RowPieces pieces(s.batch, s.height, kernel.num_panels(), kernel_size > 4 * cached_elements<T>(),
                   s.batch * s.out_height * s.out_width * kernel_size);
  pieces.rows_per_band = rows_in_cache<T>(s.width * s.in_channels);
  parallel_for(pieces.count(), [&](Index piece) {
    const Range panels = pieces.panels(piece), channels = kernel.channels_of(panels);
    pieces.for_each_band(piece, [&](Index sample, Range rows) {
      const Range pixels{rows.first * s.width, rows.end * s.width};
      const Index at = sample * s.input_size();
      for_each_run(pixels, channels, s.in_channels,
                   [&](Index first, Index count) { std::fill_n(dx + at + first, count, T(0)); });
      add_cell_products<T>(set, s, kernel, true, {rows, panels}, dy + sample * s.output_size(),
                           dx + at);
      if (mask == nullptr) return;
      for_each_run(pixels, channels, s.in_channels, [&](Index first, Index count) {
        T* const out = dx + at + first;
        NN_DISPATCH_TO(set, relu_gradient, count, mask + at + first, out, out);
      });
    });
  });
}

}  // namespace nn::kernels::detail
