// SPDX-License-Identifier: MIT
// Activations of single elements, their gradients, and small sums, over any number of elements. The
// words of this folder:
//   z, y    an activation's argument and result, y = act(z)
//   slope   act'(z), written in y where it follows from y
#pragma once

#include <algorithm>
#include <type_traits>

#include "nn/kernels/elementwise/naive.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/machine/simd.hpp"

#define NN_KERNEL_BODY "nn/kernels/elementwise/elementwise.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels {

/// y = act(x), of single elements.   x, y [count]; x == y is allowed
template <Real T>
void activate(Activation activation, Index count, const T* x, T* y) {
  NN_ASSERT(!acts_on_rows(activation));
  if (activation == Activation::linear && x == y) return;
  for_each_block(count, [=](Index first, Index size) {
    if (activation == Activation::linear) {
      std::copy(x + first, x + first + size, y + first);
      return;
    }
    if constexpr (has_simd<T>) {
      if (activation == Activation::relu) return NN_DISPATCH(relu, size, x + first, y + first);
    }
    naive::activate_elements(activation, size, x + first, y + first);
  });
}

/// dz = dy act'(z), where y = act(z). z may be null unless the activation `needs_input`.
/// z, y, dy, dz [count]; dz == dy is allowed
template <Real T>
void activation_gradient(Activation activation, Index count, const T* z, const T* y, const T* dy,
                         T* dz) {
  NN_ASSERT(!acts_on_rows(activation));
  if (activation == Activation::linear && dy == dz) return;
  for_each_block(count, [=](Index first, Index size) {
    if constexpr (has_simd<T>) {
      if (activation == Activation::relu) {
        return NN_DISPATCH(relu_gradient, size, y + first, dy + first, dz + first);
      }
    }
    const T* const z_of_block = z == nullptr ? nullptr : z + first;
    naive::activation_gradient(activation, size, z_of_block, y + first, dy + first, dz + first);
  });
}

/// y = x scale + shift.   x, y [count]; x == y is allowed
template <Real T>
void scale_shift(Index count, const T* x, std::type_identity_t<T> scale,
                 std::type_identity_t<T> shift, T* y) {
  for_each_block(count, [=](Index first, Index size) {
    if constexpr (has_simd<T>) {
      NN_DISPATCH(scale_shift, size, x + first, scale, shift, y + first);
    } else {
      naive::scale_shift(size, x + first, scale, shift, y + first);
    }
  });
}

/// y = a + b.   a, b, y [count]; y may be either of them
template <Real T>
void add(Index count, const T* a, const T* b, T* y) {
  for_each_block(count, [=](Index first, Index size) {
    if constexpr (has_simd<T>) {
      NN_DISPATCH(add, size, a + first, b + first, y + first);
    } else {
      naive::add(size, a + first, b + first, y + first);
    }
  });
}

}  // namespace nn::kernels
