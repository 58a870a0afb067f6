// SPDX-License-Identifier: MIT
// Two-dimensional max pooling and its gradient.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "nn/kernels/blocks.hpp"
#include "nn/kernels/naive_pooling.hpp"
#include "nn/kernels/simd.hpp"

#define NN_KERNEL_BODY "nn/kernels/pooling.inc"
#include "nn/kernels/for_each_isa.hpp"
#undef NN_KERNEL_BODY

namespace nn::kernels {

/// y(n, r, s, c) = the largest x(n, h, w, c) in the window of (r, s), and argmax its index within
/// the sample: the first of equals in scan order. A NaN counts as larger than any number. Shapes as
/// Pooling2DShape says; argmax as y, or null where not wanted
template <Real T>
void max_pooling2d(const Pooling2DShape& shape, const T* x, T* y, std::int32_t* argmax) {
  const Index row_size = shape.out_width * shape.channels;
  const Index row_work = row_size * shape.pool_height * shape.pool_width;
  for_each_row(shape.batch * shape.out_height, row_work, [&](Index row) {
    const T* const sample = x + row / shape.out_height * shape.input_size();
    T* const out = y + row * row_size;
    std::int32_t* const cells = argmax == nullptr ? nullptr : argmax + row * row_size;
    if constexpr (has_simd<T>) {
      NN_DISPATCH(max_pooling_row, shape, row % shape.out_height, sample, out, cells);
    } else {
      naive::max_pooling_row(shape, row % shape.out_height, sample, out, cells);
    }
  });
}

/// dx = the sum of dy over the windows that took their maximum there, and 0 where mask <= 0 (the
/// gradient of a ReLU that made x).
/// Shapes  dx as x; dy, argmax as y; mask as x, or null
template <Real T>
void max_pooling2d_gradient(const Pooling2DShape& shape, const T* dy, const std::int32_t* argmax,
                            const std::type_identity_t<T>* mask, T* dx) {
  for_each_row(shape.batch, shape.input_size(), [&](Index sample) {
    const Index in = sample * shape.input_size(), out = sample * shape.output_size();
    const T* const sample_mask = mask == nullptr ? nullptr : mask + in;
    naive::max_pooling_sample_gradient(shape, dy + out, argmax + out, sample_mask, dx + in);
  });
}

}  // namespace nn::kernels
