// SPDX-License-Identifier: MIT
// Two-dimensional average pooling and its gradient.
#pragma once

#include <algorithm>

#include "nn/core/checked.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/machine/simd.hpp"
#include "nn/kernels/pooling/naive.hpp"

#define NN_KERNEL_BODY "nn/kernels/pooling/average.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels {

/// y(n, i, j, c) = the mean of x(n, h, w, c) over the window of (i, j), as far as that lies on the
/// image.   Shapes  as Pooling2DShape says
template <Real T>
void average_pooling2d(const Pooling2DShape& shape, const T* x, T* y) {
  const Index row_size = shape.out_width * shape.channels;
  const Index row_work = saturated_product({row_size, shape.pool_height, shape.pool_width});
  for_each_row(shape.batch * shape.out_height, row_work, [&](Index row) {
    const T* const sample = x + row / shape.out_height * shape.input_size();
    if constexpr (has_simd<T>) {
      NN_DISPATCH(average_pooling_row, shape, row % shape.out_height, sample, y + row * row_size);
    } else {
      naive::average_pooling_row(shape, row % shape.out_height, sample, y + row * row_size);
    }
  });
}

/// dx = for each window around a pixel, its dy divided by its pixels, added up in the order of the
/// windows; 0 where the mask is 0 or less.
/// Shapes  dx, mask as x; dy as y; mask may be null
template <Real T>
void average_pooling2d_gradient(const Pooling2DShape& shape, const T* dy, const T* mask, T* dx) {
  const Index row_size = shape.out_width * shape.channels;
  const bool assign = shape.tiles_image();
  for_each_row(shape.batch, shape.input_size(), [&](Index sample) {
    const Index in = sample * shape.input_size(), out = sample * shape.output_size();
    const T* const mask_of_sample = mask == nullptr ? nullptr : mask + in;
    if (!assign) std::fill_n(dx + in, shape.input_size(), T(0));
    for (Index row = 0; row < shape.out_height; ++row) {
      const T* const gradient = dy + out + row * row_size;
      if constexpr (has_simd<T>) {
        NN_DISPATCH(average_pooling_row_gradient, shape, row, gradient, mask_of_sample, assign,
                    dx + in);
      } else {
        naive::average_pooling_row_gradient(shape, row, gradient, mask_of_sample, assign, dx + in);
      }
    }
  });
}

}  // namespace nn::kernels
