// SPDX-License-Identifier: MIT
// Element-wise kernels in the plainest loops: the twins that the fast ones are tested against.
#pragma once

#include "nn/core/config.hpp"
#include "nn/kernels/elementwise/activation.hpp"

namespace nn::kernels::naive {

template <Real T>
void activate_elements(Activation activation, Index count, const T* x, T* y) {
  for (Index i = 0; i < count; ++i) y[i] = activate(activation, x[i]);
}

template <Real T>
void activation_gradient(Activation activation, Index count, const T* y, const T* dy, T* dz) {
  for (Index i = 0; i < count; ++i) {
    // Chosen for a ReLU, not multiplied: infinity times 0 would be NaN.
    const bool is_cut = activation == Activation::relu && y[i] <= T(0);
    dz[i] = is_cut ? T(0) : dy[i] * activation_slope(activation, y[i]);
  }
}

template <Real T>
void scale_shift(Index count, const T* x, T scale, T shift, T* y) {
  for (Index i = 0; i < count; ++i) y[i] = x[i] * scale + shift;
}

template <Real T>
void add(Index count, const T* a, const T* b, T* y) {
  for (Index i = 0; i < count; ++i) y[i] = a[i] + b[i];
}

}  // namespace nn::kernels::naive
