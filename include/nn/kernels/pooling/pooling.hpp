// SPDX-License-Identifier: MIT
// Two-dimensional max pooling and its gradient. The words of this folder:
//   window   the pixels that an output pixel looks at, as far as they lie on the image
//   cell     an input pixel in a window, by the index of its first channel within the sample
//   argmax   the index within the sample of the element that won; -1 where none did
//   rectify  to apply a ReLU to the maximum
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "nn/core/checked.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/machine/simd.hpp"
#include "nn/kernels/pooling/naive.hpp"

#define NN_KERNEL_BODY "nn/kernels/pooling/pooling.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels {

/// y(n, i, j, c) = the largest x(n, h, w, c) in the window of (i, j), and argmax its index within
/// the sample: the first of equals in scan order. A NaN counts as larger than any number. Where
/// `rectify`, a ReLU follows: y = max(y, 0), and argmax is -1 where that has no gradient.
/// Shapes  as Pooling2DShape says; argmax as y, or null where not wanted
template <Real T>
void max_pooling2d(const Pooling2DShape& shape, const T* x, bool rectify, T* y,
                   std::int32_t* argmax) {
  const Index row_size = shape.out_width * shape.channels;
  const Index row_work = saturated_product({row_size, shape.pool_height, shape.pool_width});
  for_each_row(shape.batch * shape.out_height, row_work, [&](Index row) {
    const T* const sample = x + row / shape.out_height * shape.input_size();
    T* const out = y + row * row_size;
    std::int32_t* const cells = argmax == nullptr ? nullptr : argmax + row * row_size;
    if constexpr (has_simd<T>) {
      NN_DISPATCH(max_pooling_row, shape, row % shape.out_height, sample, rectify, out, cells);
    } else {
      naive::max_pooling_row(shape, row % shape.out_height, sample, rectify, out, cells);
    }
  });
}

/// dx = the sum of dy over the windows that took their maximum there.
/// Shapes  dx as x; dy, argmax as y
template <Real T>
void max_pooling2d_gradient(const Pooling2DShape& shape, const T* dy, const std::int32_t* argmax,
                            T* dx) {
  const Index row_size = shape.out_width * shape.channels;
  const bool assign = shape.tiles_image();
  for_each_row(shape.batch, shape.input_size(), [&](Index sample) {
    const Index in = sample * shape.input_size(), out = sample * shape.output_size();
    if constexpr (has_simd<T>) {
      if (!assign) std::fill_n(dx + in, shape.input_size(), T(0));
      for (Index row = 0; row < shape.out_height; ++row) {
        const Index first = out + row * row_size;
        NN_DISPATCH(max_pooling_row_gradient, shape, row, dy + first, argmax + first, assign,
                    dx + in);
      }
    } else {
      naive::max_pooling_sample_gradient(shape, dy + out, argmax + out, dx + in);
    }
  });
}

}  // namespace nn::kernels
