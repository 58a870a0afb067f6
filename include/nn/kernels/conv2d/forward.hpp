// SPDX-License-Identifier: MIT
// Convolution: bands of the output, in regions.
#pragma once

#include <cstdint>
#include <type_traits>

#include "nn/core/number_format.hpp"
#include "nn/kernels/conv2d/regions.hpp"
#include "nn/kernels/elementwise/activation.hpp"
#include "nn/kernels/elementwise/elementwise.hpp"
#include "nn/kernels/machine/cache.hpp"

namespace nn::kernels::detail {

/// Where y goes: to `data` or, rounded to bfloat16 while it is in the cache, to `rounded`.
template <class T>
struct Conv2DResult {
  T* data;
  Bfloat16* rounded = nullptr;
  void (*to_bfloat16)(Index count, const T* x, Bfloat16* to) = nullptr;

  /// Calls compute(to), which writes `channels` of each of `pixels`; `to` stands for y from element
  /// `first` on.
  template <class Compute>
  void write(Index first, Range pixels, Range channels, Index pixel_size,
             const Compute& compute) const {
    if (rounded == nullptr) return compute(data + first);
    const Scratch<T> memory(ScratchUse::unrounded, pixels.end, pixel_size);
    T* const to = memory.data();
    compute(to);
    for_each_run(pixels, channels, pixel_size,
                 [&](Index at, Index count) { to_bfloat16(count, to + at, rounded + first + at); });
  }
};

/// Whether to write y past the caches: where it is larger than they are, as writing into a cache
/// first reads the line from memory. Vectors have to be whole and aligned.
template <class T>
[[nodiscard]] bool is_streamed(Isa isa, const Conv2DShape& s, const Conv2DResult<T>& y) {
  const auto vector_bytes = static_cast<std::uintptr_t>(simd_size<T>(isa)) * sizeof(T);
  return y.rounded == nullptr && s.out_channels % simd_size<T>(isa) == 0 &&
         reinterpret_cast<std::uintptr_t>(y.data) % vector_bytes == 0 &&
         s.batch * s.output_size() > shared_cache_bytes() / static_cast<Index>(sizeof(T));
}

template <class T>
void conv2d_forward(Isa isa, const Conv2DShape& s, const T* x, const T* W, const T* bias,
                    Activation activation, const Conv2DResult<std::type_identity_t<T>>& y,
                    const Affine<std::type_identity_t<T>>& affine = {}) {
  const KernelLayout layout{s.kernel_height * s.kernel_width, s.in_channels,  s.out_channels,
                            s.in_channels * s.out_channels,   s.out_channels, 1};
  const PackedKernel<T> kernel = pack_kernel(isa, layout, W, bias, affine);
  constexpr Index first_cache = 4096;  // elements that stay there until they are rounded
  const Index most_pixels = y.rounded == nullptr ? BandPlan::usual_pixels
                                                 : std::max<Index>(first_cache / s.out_channels, 1);
  const BandPlan plan(kernel, s.batch, s.out_height, s.out_width, s.out_height * s.out_width,
                      most_pixels);
  const Regions regions(s, false, plan);
  RowOutput<T> output;
  if (activation == Activation::relu) output.floor = T(0);
  output.streams = is_streamed(isa, s, y);
  parallel_for(plan.count(), [&](Index piece) {
    const Range panels = plan.panels(piece);
    plan.for_each_band(piece, [&](const Band& band) {
      const Index first = (band.sample * s.out_height + band.rows.first) * s.out_width;
      y.write(first * s.out_channels, {0, band.num_rows() * s.out_width},
              kernel.channels_of(panels), s.out_channels, [&](T* to) {
                regions.convolve(isa, kernel, panels, band, output,
                                 x + band.sample * s.input_size(), to);
              });
    });
    if (output.streams) end_streams();
  });
  if (activation == Activation::relu || activation == Activation::linear) return;
  NN_ASSERT(y.rounded == nullptr);
  activate(activation, s.batch * s.output_size(), y.data, y.data);
}

}  // namespace nn::kernels::detail
