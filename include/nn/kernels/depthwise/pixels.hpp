// SPDX-License-Identifier: MIT
// The inner kernels of depthwise convolution and its gradients: vectors of channels.
#pragma once

#include <algorithm>
#include <cstddef>

#include "nn/kernels/conv2d/rows.hpp"
#include "nn/kernels/elementwise/affine.hpp"
#include "nn/kernels/machine/simd.hpp"

namespace nn::kernels::detail {

/// Some output pixels that read the same cells, which lie in runs: of `run_length` consecutive
/// elements of the input, which meet as many of W [cells, channels], from `row` on.
///   y(pixel, c) = max(floor, affine(bias[c] + sum over runs and k = c, c + channels, ... of
///                                   x(pixel)[run.input + k] W[run.row + k]))
template <class T>
struct DepthwisePixels {
  const Run* runs;
  Index num_runs, run_length;
  const PixelPlace* pixels;
  Index num_pixels;
  Index channels;
  const T* W = nullptr;
  const T* bias = nullptr;  // null: zeros
  Affine<T> affine{};
  T floor = -infinity<T>;  // 0: ReLU
};

}  // namespace nn::kernels::detail

#define NN_KERNEL_BODY "nn/kernels/depthwise/pixels.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY
