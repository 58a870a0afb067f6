// SPDX-License-Identifier: MIT
// Two-dimensional convolution (cross-correlation, as everywhere in deep learning) and its
// gradients. The words of this folder:
//   cell    one place (u, v) of the kernel; it lies on one input pixel for each output pixel
//   class   rows (or columns) of pixels that read the same cells; a region is a class of rows by a
//           class of columns, so padding and strides cost nothing inside of it
//   run     consecutive elements of the input that meet consecutive rows of W
//   panel   the output channels in one or two vectors; W is packed panel by panel
//   tile    some pixels (or rows of W) by one panel, in registers
//   band    the output rows whose input stays in a core's cache
//   piece   the bands and panels that a thread computes at a time
// and, where the pixels are summed, as for dW:
//   part    output rows with a dW of their own; the parts are added at the end, in their order
//   group   the share of a part's dW that one thread sums: tiles, or slices
//   slice   the rows of W of one cell and up to 128 input channels
//   block   the output pixels that are summed at a time
// The files in reading order: `../window_shape.hpp` sizes; `rows.hpp` the inner kernel, a tile at a
// time; `bands.hpp`, `regions.hpp`, `forward.hpp`, `input_gradient.hpp`; and for dW
// `input_windows.hpp` views of the padded input, `gradient_plan.hpp`, `gradient_blocks.hpp` for few
// input channels and `cell_gradient.hpp` for many, `kernel_gradient.hpp`, `gradient_reader.hpp`.
#pragma once

#include <type_traits>

#include "nn/kernels/conv2d/forward.hpp"
#include "nn/kernels/conv2d/input_gradient.hpp"
#include "nn/kernels/conv2d/kernel_gradient.hpp"
#include "nn/kernels/conv2d/naive.hpp"
#include "nn/kernels/product/kernels.hpp"

namespace nn::kernels {

/// y(n, i, j, f) = act(bias(f) + sum over u, v, c of x(n, pixel of cell (u, v), c) W(u, v, c, f)).
/// `activation` acts on single elements (not softmax). Each output is summed in the order of W, so
/// it depends on nothing but its own window.
/// Shapes  as Conv2DShape says; bias [out_channels], or null
template <Real T>
void conv2d(const Conv2DShape& shape, const T* x, const T* W, const std::type_identity_t<T>* bias,
            Activation activation, T* y) {
  if constexpr (has_simd<T>) {
    detail::conv2d_forward<T>(isa(), shape, x, W, bias, activation, {y});
  } else {
    naive::conv2d<T>(shape, x, W, bias, activation, y);
  }
}

/// The same of affine(bias + sum).
template <Real T>
requires(has_simd<T>) void conv2d(const Conv2DShape& shape, const T* x, const T* W,
                                  const std::type_identity_t<T>* bias, const Affine<T>& affine,
                                  Activation activation, T* y) {
  detail::conv2d_forward<T>(isa(), shape, x, W, bias, activation, {y}, affine);
}

/// The same with y rounded to bfloat16, for products in a `precision` that `takes_bfloat16`.
/// `activation`: linear or relu
inline void conv2d(const Conv2DShape& shape, const float* x, const float* W, const float* bias,
                   Activation activation, Bfloat16* y, const ProductPrecision& precision) {
  NN_ASSERT(takes_bfloat16(precision));
  detail::conv2d_forward<float>(
      isa(), shape, x, W, bias, activation,
      {nullptr, y, detail::product_kernels<float>(isa(), precision).to_bfloat16});
}

/// dx(n, h, w, c) = sum over the windows that cover the pixel of dy W, and 0 where mask <= 0 (the
/// gradient of a ReLU that made x).
/// Shapes  as Conv2DShape says, dx as x; mask as x, or null
template <Real T>
void conv2d_input_gradient(const Conv2DShape& shape, const T* dy, const T* W,
                           const std::type_identity_t<T>* mask, T* dx) {
  if constexpr (has_simd<T>) {
    detail::conv2d_input_gradient<T>(isa(), shape, dy, W, mask, dx);
  } else {
    naive::conv2d_input_gradient<T>(shape, dy, W, mask, dx);
  }
}

/// dx = act(bias + the same): the input gradient as a layer of its own, a transposed convolution.
/// `activation` acts on single elements (not softmax).
/// Shapes  as Conv2DShape says, dx as x; bias [in_channels], or null
template <Real T>
void conv2d_transpose(const Conv2DShape& shape, const T* dy, const T* W,
                      const std::type_identity_t<T>* bias, Activation activation, T* dx) {
  if constexpr (has_simd<T>) {
    detail::RowOutput<T> output;
    if (activation == Activation::relu) output.floor = T(0);
    detail::conv2d_input_gradient<T>(isa(), shape, dy, W, nullptr, dx, bias, output);
    if (activation == Activation::relu || activation == Activation::linear) return;
    activate(activation, shape.batch * shape.input_size(), dx, dx);
  } else {
    naive::conv2d_transpose<T>(shape, dy, W, bias, activation, dx);
  }
}

/// dW(u, v, c, f) = sum over n, i, j of x(n, input pixel of cell (u, v), c) dy(n, i, j, f), and
/// db(f) = sum over n, i, j of dy(n, i, j, f); both are added to what is there if `accumulate`.
/// Shapes  as Conv2DShape says, dW as W; db [out_channels], or null where not wanted
template <Real T>
void conv2d_kernel_gradient(const Conv2DShape& shape, const T* x, const T* dy, T* dW,
                            std::type_identity_t<T>* db, bool accumulate) {
  if constexpr (has_simd<T>) {
    detail::conv2d_kernel_gradient<T>(isa(), shape, x, dy, dW, db, accumulate);
  } else {
    naive::conv2d_kernel_gradient<T>(shape, x, dy, dW, db, accumulate);
  }
}

}  // namespace nn::kernels
