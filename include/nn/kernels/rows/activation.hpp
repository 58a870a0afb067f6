// SPDX-License-Identifier: MIT
// Any activation and its gradient, whether it acts on single elements or on rows.
#pragma once

#include "nn/kernels/elementwise/elementwise.hpp"
#include "nn/kernels/rows/softmax.hpp"

namespace nn::kernels {

/// y = act(x); softmax acts on rows.   x, y [rows, cols]; x == y is allowed
template <Real T>
void activate_rows(Activation activation, Index rows, Index cols, const T* x, T* y) {
  if (activation == Activation::softmax) return softmax(rows, cols, x, y);
  if (activation == Activation::log_softmax) return log_softmax(rows, cols, x, y);
  activate(activation, rows * cols, x, y);
}

/// dx = dy act'(x), where y = act(x). x may be null unless the activation `needs_input`.
/// x, y, dy, dx [rows, cols]; dx == dy is allowed
template <Real T>
void activation_gradient_of_rows(Activation activation, Index rows, Index cols, const T* x,
                                 const T* y, const T* dy, T* dx) {
  if (activation == Activation::softmax) return softmax_gradient(rows, cols, y, dy, dx);
  if (activation == Activation::log_softmax) return log_softmax_gradient(rows, cols, y, dy, dx);
  activation_gradient(activation, rows * cols, x, y, dy, dx);
}

}  // namespace nn::kernels
