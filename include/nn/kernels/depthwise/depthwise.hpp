// SPDX-License-Identifier: MIT
// Depthwise convolution: each channel has kernels of its own. The words are those of
// `../conv2d/conv2d.hpp`, and so are bands and regions; `pixels.hpp` has the inner kernels, which
// know one kernel for each channel. Where a channel has several, it is repeated as often.
#pragma once

#include <algorithm>
#include <span>
#include <type_traits>

#include "nn/core/checked.hpp"
#include "nn/core/cold.hpp"
#include "nn/kernels/conv2d/gradient_plan.hpp"
#include "nn/kernels/conv2d/regions.hpp"
#include "nn/kernels/depthwise/naive.hpp"
#include "nn/kernels/depthwise/pixels.hpp"
#include "nn/kernels/elementwise/elementwise.hpp"
#include "nn/kernels/product/product.hpp"

namespace nn::kernels {

namespace detail {

/// Elements of a band: what it reads and writes stays in a core's cache.
inline constexpr Index depthwise_band_size = 32768;

/// For images of `height` rows.
[[nodiscard]] inline BandPlan depthwise_plan(const Conv2DShape& s, Index height, Index width,
                                             Index rows_per_piece) {
  return {s.batch, height, width, rows_per_piece,
          std::max<Index>(1, depthwise_band_size / s.in_channels)};
}

/// The same, in pieces for the threads.
[[nodiscard]] inline BandPlan depthwise_plan(const Conv2DShape& s, Index height, Index width) {
  constexpr Index max_pieces = 64, min_products = Index{1} << 15;
  const Index products =
      saturated_product({s.batch, height, width, s.kernel_height, s.kernel_width, s.in_channels});
  const Index pieces = std::clamp<Index>(products / min_products, 1, max_pieces);
  return depthwise_plan(s, height, width, std::max<Index>(1, ceil_div(s.batch * height, pieces)));
}

template <class T>
[[nodiscard]] DepthwisePixels<T> depthwise_part(const RunList& cells,
                                                std::span<const PixelPlace> pixels,
                                                Index channels) {
  return {.runs = cells.runs.data(),
          .num_runs = cells.num_runs,
          .run_length = cells.run_length,
          .pixels = pixels.data(),
          .num_pixels = std::ssize(pixels),
          .channels = channels};
}

template <class T>
void depthwise_forward(Isa isa, const Conv2DShape& s, const T* x, const T* W, const T* bias,
                       const Affine<T>& affine, Activation activation, T* y) {
  const BandPlan plan = depthwise_plan(s, s.out_height, s.out_width);
  const Regions regions(s, false, plan);
  const T floor = activation == Activation::relu ? T(0) : -infinity<T>;
  parallel_for(plan.count(), [&](Index piece) {
    plan.for_each_band(piece, [&](const Band& band) {
      const Index first = (band.sample * s.out_height + band.rows.first) * s.out_width;
      regions.visit(
          band, x + band.sample * s.input_size(), y + first * s.out_channels,
          [&](const RunList& cells, std::span<const PixelPlace> pixels, const T* from, T* to) {
            DepthwisePixels<T> part = depthwise_part<T>(cells, pixels, s.in_channels);
            part.W = W, part.bias = bias, part.affine = affine, part.floor = floor;
            NN_DISPATCH_TO(isa, depthwise_pixels, part, from, to);
          });
    });
  });
  if (activation == Activation::relu || activation == Activation::linear) return;
  activate(activation, s.batch * s.output_size(), y, y);
}

template <class T>
void depthwise_input_gradient(Isa isa, const Conv2DShape& s, const T* dy, const T* W, const T* mask,
                              T* dx) {
  const BandPlan plan = depthwise_plan(s, s.height, s.width);
  const Regions regions(s, true, plan);
  parallel_for(plan.count(), [&](Index piece) {
    plan.for_each_band(piece, [&](const Band& band) {
      const Index first = (band.sample * s.height + band.rows.first) * s.width * s.in_channels;
      regions.visit(
          band, dy + band.sample * s.output_size(), dx + first,
          [&](const RunList& cells, std::span<const PixelPlace> pixels, const T* from, T* to) {
            DepthwisePixels<T> part = depthwise_part<T>(cells, pixels, s.in_channels);
            part.W = W;
            NN_DISPATCH_TO(isa, depthwise_pixels, part, from, to);
          });
      if (mask == nullptr) return;
      T* const out = dx + first;
      const Index count = band.num_rows() * s.width * s.in_channels;
      NN_DISPATCH_TO(isa, relu_gradient, count, mask + first, out, out);
    });
  });
}

template <class T>
void depthwise_kernel_gradient(Isa isa, const Conv2DShape& s, const T* x, const T* dy, T* dW,
                               bool accumulate) {
  const Index size = s.kernel_height * s.kernel_width * s.in_channels;
  Conv2DShape products = s;  // one for each input of an output value
  products.out_channels = 1;
  const RowParts parts(products, size, 1);
  const BandPlan plan = depthwise_plan(s, s.out_height, s.out_width, parts.rows_per_part);
  const Regions regions(s, false, plan);
  const Scratch<T> sums(ScratchUse::partial_sums, parts.num_parts, size);  // [parts, cells, C]
  parallel_for(parts.num_parts, [&](Index number) {
    T* const part_sums = sums.data() + number * size;
    std::fill_n(part_sums, size, T(0));
    plan.for_each_band(number, [&](const Band& band) {
      const Index first = (band.sample * s.out_height + band.rows.first) * s.out_width;
      regions.visit(band, x + band.sample * s.input_size(), dy + first * s.out_channels,
                    [&](const RunList& cells, std::span<const PixelPlace> pixels, const T* from,
                        const T* gradients) {
                      // So few pixels that all of their channels stay in the innermost cache.
                      constexpr std::size_t most = 32;
                      for (; !pixels.empty();
                           pixels = pixels.subspan(std::min(most, pixels.size()))) {
                        const auto block = depthwise_part<T>(
                            cells, pixels.first(std::min(most, pixels.size())), s.in_channels);
                        NN_DISPATCH_TO(isa, depthwise_gradient, block, from, gradients, part_sums);
                      }
                    });
    });
  });
  if (!accumulate) std::fill_n(dW, size, T(0));
  add_parts(parts.num_parts, size, sums.data(), size, dW);
}

/// Calls body(shape, x, first sample) for some samples after the others, with each channel of x as
/// often as it has kernels; x may be null, for memory alone.
template <class T, class Body>
NN_COLD void with_repeated_channels(const Conv2DShape& s, const T* x, const Body& body) {
  constexpr Index most_elements = Index{1} << 20;
  const Index times = s.out_channels / s.in_channels;
  Conv2DShape one = s;
  one.in_channels = s.out_channels;
  const Index samples = std::clamp<Index>(most_elements / std::max<Index>(1, one.input_size()), 1,
                                          std::max<Index>(1, s.batch));
  const Scratch<T> memory(ScratchUse::repeated_channels, samples, one.input_size());
  T* const repeated = memory.data();
  for (Index first = 0; first == 0 || first < s.batch; first += samples) {
    one.batch = std::min(samples, s.batch - first);
    if (x != nullptr) {
      for_each_block(one.batch * s.input_size(), [&](Index begin, Index count) {
        const T* const from = x + first * s.input_size();
        for (Index i = begin; i < begin + count; ++i)
          std::fill_n(repeated + i * times, times, from[i]);
      });
    }
    body(one, repeated, first);
  }
}

/// dx = the sum over the repetitions of each channel.
template <class T>
NN_COLD void sum_repeated(Index count, Index times, const T* repeated, const T* mask, T* dx) {
  for_each_block(count, [=](Index first, Index size) {
    for (Index i = first; i < first + size; ++i) {
      T sum(0);
      for (Index k = 0; k < times; ++k) sum += repeated[i * times + k];
      dx[i] = mask != nullptr && mask[i] <= T(0) ? T(0) : sum;
    }
  });
}

}  // namespace detail

/// y(n, i, j, f) = act(affine(bias(f) + sum over u, v of x(n, pixel of cell (u, v), c) W(u, v,
/// f))), where f = c m + k is kernel k of the m that channel c has. `activation` acts on single
/// elements (not softmax); an affine map is for scalars with vector kernels. Shapes  as Conv2DShape
/// says, with out_channels = m in_channels, but W [kernel_height,
///         kernel_width, out_channels]; bias [out_channels], or null
template <Real T>
void depthwise_conv2d(const Conv2DShape& shape, const T* x, const T* W,
                      const std::type_identity_t<T>* bias, const Affine<T>& affine,
                      Activation activation, T* y) {
  if constexpr (has_simd<T>) {
    if (shape.in_channels == shape.out_channels) {
      return detail::depthwise_forward<T>(isa(), shape, x, W, bias, affine, activation, y);
    }
    detail::with_repeated_channels(
        shape, x, [&](const Conv2DShape& one, const T* repeated, Index first) {
          detail::depthwise_forward<T>(isa(), one, repeated, W, bias, affine, activation,
                                       y + first * shape.output_size());
        });
  } else {
    NN_ASSERT(!affine);
    naive::depthwise_conv2d<T>(shape, x, W, bias, activation, y);
  }
}

/// dx(n, h, w, c) = sum over the windows that cover the pixel, and over the kernels of c, of dy W;
/// 0 where mask <= 0 (the gradient of a ReLU that made x).
/// Shapes  as those of `depthwise_conv2d`, dx as x; mask as x, or null
template <Real T>
void depthwise_input_gradient(const Conv2DShape& shape, const T* dy, const T* W,
                              const std::type_identity_t<T>* mask, T* dx) {
  if constexpr (has_simd<T>) {
    if (shape.in_channels == shape.out_channels) {
      return detail::depthwise_input_gradient<T>(isa(), shape, dy, W, mask, dx);
    }
    const T* const no_x = nullptr;
    detail::with_repeated_channels(
        shape, no_x, [&](const Conv2DShape& one, T* repeated, Index first) {
          detail::depthwise_input_gradient<T>(isa(), one, dy + first * shape.output_size(), W,
                                              nullptr, repeated);
          const Index begin = first * shape.input_size();
          detail::sum_repeated<T>(one.batch * shape.input_size(),
                                  shape.out_channels / shape.in_channels, repeated,
                                  mask == nullptr ? nullptr : mask + begin, dx + begin);
        });
  } else {
    naive::depthwise_input_gradient<T>(shape, dy, W, mask, dx);
  }
}

/// dW(u, v, f) = sum over n, i, j of x(n, input pixel of cell (u, v), c) dy(n, i, j, f), and db(f)
/// = sum over n, i, j of dy(n, i, j, f); both are added to what is there if `accumulate`. Shapes as
/// those of `depthwise_conv2d`, dW as W; db [out_channels], or null where not wanted
template <Real T>
void depthwise_kernel_gradient(const Conv2DShape& shape, const T* x, const T* dy, T* dW,
                               std::type_identity_t<T>* db, bool accumulate) {
  if constexpr (has_simd<T>) {
    if (db != nullptr) {
      const Index pixels = shape.batch * shape.out_height * shape.out_width;
      column_sums<T>({dy, pixels, shape.out_channels}, db, accumulate);
    }
    if (shape.in_channels == shape.out_channels) {
      return detail::depthwise_kernel_gradient<T>(isa(), shape, x, dy, dW, accumulate);
    }
    detail::with_repeated_channels(
        shape, x, [&](const Conv2DShape& one, const T* repeated, Index first) {
          detail::depthwise_kernel_gradient<T>(
              isa(), one, repeated, dy + first * shape.output_size(), dW, accumulate || first > 0);
        });
  } else {
    naive::depthwise_kernel_gradient<T>(shape, x, dy, dW, db, accumulate);
  }
}

}  // namespace nn::kernels
