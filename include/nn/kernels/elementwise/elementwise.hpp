// SPDX-License-Identifier: MIT
// Activations of single elements, their gradients, and small sums, over any number of elements. The
// words of this folder:
//   z, y    an activation's argument and result, y = act(z)
//   slope   act'(z), written in y where it follows from y
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <type_traits>

#include "nn/kernels/elementwise/naive.hpp"
#include "nn/kernels/elementwise/normal_tail.hpp"
#include "nn/kernels/elementwise/pairwise.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/machine/simd.hpp"

#define NN_KERNEL_BODY "nn/kernels/elementwise/elementwise.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY
#define NN_KERNEL_BODY "nn/kernels/elementwise/exponential.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY
#define NN_KERNEL_BODY "nn/kernels/elementwise/activations.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels {

namespace detail {

/// A loop that compilers make vectors of: the activation is known to them, and follows from y.
template <Activation activation, Real T>
void known_gradient(Index count, const T* y, const T* dy, T* dz) {
  for (Index i = 0; i < count; ++i) dz[i] = dy[i] * activation_slope(activation, T(0), y[i]);
}

}  // namespace detail

/// Whether there are vector kernels for it, beside those of relu. A sigmoid and a tanh give the
/// same bits wherever they are applied, those of the standard library, as does softplus.
[[nodiscard]] constexpr bool has_vectors(Activation activation) {
  switch (activation) {
    case Activation::linear:
    case Activation::relu:
    case Activation::sigmoid:
    case Activation::tanh:
    case Activation::softplus:
    case Activation::softmax:
    case Activation::log_softmax:
      return false;
    default:
      return true;
  }
}

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
      if (has_vectors(activation)) {
        return NN_DISPATCH(activate_vectors, activation, size, x + first, y + first);
      }
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
    const T* const z_of_block = z == nullptr ? nullptr : z + first;
    if constexpr (has_simd<T>) {
      if (activation == Activation::relu) {
        return NN_DISPATCH(relu_gradient, size, y + first, dy + first, dz + first);
      }
      if (has_vectors(activation)) {
        return NN_DISPATCH(activation_gradient_vectors, activation, size, z_of_block, y + first,
                           dy + first, dz + first);
      }
    }
    if (activation == Activation::sigmoid) {
      return detail::known_gradient<Activation::sigmoid>(size, y + first, dy + first, dz + first);
    }
    if (activation == Activation::tanh) {
      return detail::known_gradient<Activation::tanh>(size, y + first, dy + first, dz + first);
    }
    naive::activation_gradient(activation, size, z_of_block, y + first, dy + first, dz + first);
  });
}

/// y = x where x > 0, else slope x.   x, y [count]; x == y is allowed
template <Real T>
void leaky_relu(Index count, const T* x, std::type_identity_t<T> slope, T* y) {
  for_each_block(count, [=](Index first, Index size) {
    if constexpr (has_simd<T>) {
      NN_DISPATCH(leaky_relu, size, x + first, slope, y + first);
    } else {
      naive::leaky_relu(size, x + first, slope, y + first);
    }
  });
}

/// dx = dy where x > 0, else slope dy.   x, dy, dx [count]; dx == dy is allowed
template <Real T>
void leaky_relu_gradient(Index count, const T* x, std::type_identity_t<T> slope, const T* dy,
                         T* dx) {
  for_each_block(count, [=](Index first, Index size) {
    if constexpr (has_simd<T>) {
      NN_DISPATCH(leaky_relu_gradient, size, x + first, slope, dy + first, dx + first);
    } else {
      naive::leaky_relu_gradient(size, x + first, slope, dy + first, dx + first);
    }
  });
}

/// y = x where x > 0, else alpha (exp(x) - 1).   x, y [count]; x == y is allowed
template <Real T>
void elu(Index count, const T* x, std::type_identity_t<T> alpha, T* y) {
  for_each_block(count, [=](Index first, Index size) {
    if constexpr (has_simd<T>) {
      NN_DISPATCH(elu, size, x + first, alpha, y + first);
    } else {
      naive::elu(size, x + first, alpha, y + first);
    }
  });
}

/// dx = dy where x > 0, else dy (y + alpha).   x, y, dy, dx [count]; dx == dy is allowed
template <Real T>
void elu_gradient(Index count, const T* x, const T* y, std::type_identity_t<T> alpha, const T* dy,
                  T* dx) {
  for_each_block(count, [=](Index first, Index size) {
    if constexpr (has_simd<T>) {
      NN_DISPATCH(elu_gradient, size, x + first, y + first, alpha, dy + first, dx + first);
    } else {
      naive::elu_gradient(size, x + first, y + first, alpha, dy + first, dx + first);
    }
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

}  // namespace nn::kernels
