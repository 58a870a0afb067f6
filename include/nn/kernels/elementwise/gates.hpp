// SPDX-License-Identifier: MIT
// Activations of the gates of recurrent cells.
#pragma once

#include "nn/kernels/elementwise/elementwise.hpp"

#define NN_KERNEL_BODY "nn/kernels/elementwise/gates.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels {

/// y = act(x) like `activate`, but a sigmoid and a tanh are computed in vectors too: a step in time
/// has five of them for each unit of a long short-term memory. Their last bits are not those of the
/// standard library, which other layers give.   x, y [count]; x == y is allowed
template <Real T>
void activate_gates(Activation activation, Index count, const T* x, T* y) {
  if constexpr (has_simd<T>) {
    if (activation == Activation::sigmoid) return NN_DISPATCH(sigmoid_gate, count, x, y);
    if (activation == Activation::tanh) return NN_DISPATCH(tanh_gate, count, x, y);
  }
  activate(activation, count, x, y);
}

}  // namespace nn::kernels
