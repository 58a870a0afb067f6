// SPDX-License-Identifier: MIT
// The input gradient of a convolution: bands of dx, in regions.
#pragma once

#include "nn/kernels/conv2d/regions.hpp"
#include "nn/kernels/elementwise/elementwise.hpp"

namespace nn::kernels::detail {

/// dx, with a bias [in_channels], or null, and a ReLU where the floor of `output` is 0.
template <class T>
void conv2d_input_gradient(Isa isa, const Conv2DShape& s, const T* dy, const T* W, const T* mask,
                           T* dx, const T* bias = nullptr, const RowOutput<T>& output = {}) {
  const KernelLayout transposed{s.kernel_height * s.kernel_width,  // cells
                                s.out_channels,
                                s.in_channels,
                                s.in_channels * s.out_channels,
                                1,
                                s.out_channels};
  const PackedKernel<T> kernel = pack_kernel<T>(isa, transposed, W, bias);
  const BandPlan plan(kernel, s.batch, s.height, s.width, s.out_height * s.out_width,
                      BandPlan::usual_pixels);
  const Regions regions(s, true, plan);
  parallel_for(plan.count(), [&](Index piece) {
    const Range panels = plan.panels(piece);
    plan.for_each_band(piece, [&](const Band& band) {
      const Index first = (band.sample * s.height + band.rows.first) * s.width * s.in_channels;
      regions.convolve(isa, kernel, panels, band, output, dy + band.sample * s.output_size(),
                       dx + first);
      if (mask == nullptr) return;
      for_each_run({0, band.num_rows() * s.width}, kernel.channels_of(panels), s.in_channels,
                   [&](Index at, Index count) {
                     T* const out = dx + first + at;
                     NN_DISPATCH_TO(isa, relu_gradient, count, mask + first + at, out, out);
                   });
    });
  });
}

}  // namespace nn::kernels::detail
