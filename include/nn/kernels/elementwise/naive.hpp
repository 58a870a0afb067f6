// SPDX-License-Identifier: MIT
// Element-wise kernels in the plainest loops: the twins that the fast ones are tested against.
#pragma once

#include <cmath>

#include "nn/core/config.hpp"
#include "nn/kernels/elementwise/formulas.hpp"

namespace nn::kernels::naive {

template <Real T>
void activate_elements(Activation activation, Index count, const T* x, T* y) {
  for (Index i = 0; i < count; ++i) y[i] = activate(activation, x[i]);
}

/// x may be null unless the activation `needs_input`.
template <Real T>
void activation_gradient(Activation activation, Index count, const T* x, const T* y, const T* dy,
                         T* dz) {
  for (Index i = 0; i < count; ++i) {
    const T slope = activation_slope(activation, needs_input(activation) ? x[i] : T(0), y[i]);
    // Chosen where the activation is flat, not multiplied: infinity times 0 would be NaN.
    const bool is_cut = has_flat_parts(activation) && slope == T(0);
    dz[i] = is_cut ? T(0) : dy[i] * slope;
  }
}

template <Real T>
void leaky_relu(Index count, const T* x, T slope, T* y) {
  for (Index i = 0; i < count; ++i) y[i] = x[i] > T(0) ? x[i] : x[i] * slope;
}

template <Real T>
void leaky_relu_gradient(Index count, const T* x, T slope, const T* dy, T* dx) {
  for (Index i = 0; i < count; ++i) dx[i] = x[i] > T(0) ? dy[i] : dy[i] * slope;
}

template <Real T>
void elu(Index count, const T* x, T alpha, T* y) {
  using std::expm1;
  for (Index i = 0; i < count; ++i) y[i] = x[i] > T(0) ? x[i] : expm1(x[i]) * alpha;
}

template <Real T>
void elu_gradient(Index count, const T* x, const T* y, T alpha, const T* dy, T* dx) {
  for (Index i = 0; i < count; ++i) dx[i] = x[i] > T(0) ? dy[i] : dy[i] * (y[i] + alpha);
}

template <Real T>
void scale_shift(Index count, const T* x, T scale, T shift, T* y) {
  for (Index i = 0; i < count; ++i) y[i] = x[i] * scale + shift;
}

}  // namespace nn::kernels::naive
