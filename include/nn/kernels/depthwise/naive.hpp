// SPDX-License-Identifier: MIT
// Depthwise convolution in the plainest loops: the twin that the fast kernels are tested against.
#pragma once

#include <algorithm>

#include "nn/core/real.hpp"
#include "nn/kernels/elementwise/formulas.hpp"
#include "nn/kernels/window_shape.hpp"

namespace nn::kernels::naive {

/// Calls visit(x index, W index, y index) for each of the products that make up a depthwise
/// convolution.
template <class Visit>
void visit_depthwise_products(const Conv2DShape& s, Visit&& visit) {
  const Index multiplier = s.out_channels / s.in_channels;
  for (Index n = 0; n < s.batch; ++n)
    for (Index row = 0; row < s.out_height; ++row)
      for (Index col = 0; col < s.out_width; ++col)
        for (Index i = 0; i < s.kernel_height; ++i)
          for (Index j = 0; j < s.kernel_width; ++j) {
            const Index in_row = row * s.stride_height + i * s.dilation_height - s.pad_top;
            const Index in_col = col * s.stride_width + j * s.dilation_width - s.pad_left;
            if (in_row < 0 || in_row >= s.height || in_col < 0 || in_col >= s.width) continue;
            const Index in_pixel = (n * s.height + in_row) * s.width + in_col;
            const Index out_pixel = (n * s.out_height + row) * s.out_width + col;
            const Index cell = i * s.kernel_width + j;
            for (Index f = 0; f < s.out_channels; ++f)
              visit(in_pixel * s.in_channels + f / multiplier, cell * s.out_channels + f,
                    out_pixel * s.out_channels + f);
          }
}

template <Real T>
void depthwise_conv2d(const Conv2DShape& shape, const T* x, const T* W, const T* bias,
                      Activation activation, T* y) {
  const Index count = shape.batch * shape.output_size();
  std::fill_n(y, count, T(0));
  visit_depthwise_products(shape, [&](Index in, Index k, Index out) { y[out] += x[in] * W[k]; });
  for (Index i = 0; i < count; ++i) {
    if (bias != nullptr) y[i] += bias[i % shape.out_channels];
    y[i] = activate(activation, y[i]);
  }
}

template <Real T>
void depthwise_input_gradient(const Conv2DShape& shape, const T* dy, const T* W, const T* mask,
                              T* dx) {
  const Index count = shape.batch * shape.input_size();
  std::fill_n(dx, count, T(0));
  visit_depthwise_products(shape, [&](Index in, Index k, Index out) { dx[in] += dy[out] * W[k]; });
  for (Index i = 0; mask != nullptr && i < count; ++i) {
    if (mask[i] <= T(0)) dx[i] = T(0);
  }
}

template <Real T>
void depthwise_kernel_gradient(const Conv2DShape& shape, const T* x, const T* dy, T* dW, T* db,
                               bool accumulate) {
  if (!accumulate) {
    std::fill_n(dW, shape.kernel_height * shape.kernel_width * shape.out_channels, T(0));
    if (db != nullptr) std::fill_n(db, shape.out_channels, T(0));
  }
  visit_depthwise_products(shape, [&](Index in, Index k, Index out) { dW[k] += x[in] * dy[out]; });
  if (db == nullptr) return;
  for (Index i = 0; i < shape.batch * shape.output_size(); ++i) db[i % shape.out_channels] += dy[i];
}

}  // namespace nn::kernels::naive
