// SPDX-License-Identifier: MIT
// Operations on the elements of two tensors of one shape.
#pragma once

#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/machine/simd.hpp"

namespace nn::kernels {

enum class Pairwise { add, subtract, multiply, maximum, minimum };

namespace naive {

template <Pairwise operation, Real T>
void pairwise(Index count, const T* a, const T* b, T* y) {
  for (Index i = 0; i < count; ++i) {
    if constexpr (operation == Pairwise::add) {
      y[i] = a[i] + b[i];
    } else if constexpr (operation == Pairwise::subtract) {
      y[i] = a[i] - b[i];
    } else if constexpr (operation == Pairwise::multiply) {
      y[i] = a[i] * b[i];
    } else if constexpr (operation == Pairwise::maximum) {
      y[i] = a[i] >= b[i] || a[i] != a[i] ? a[i] : b[i];
    } else {
      y[i] = a[i] <= b[i] || a[i] != a[i] ? a[i] : b[i];
    }
  }
}

template <Real T>
void take_where_equal(Index count, const T* x, const T* y, T* dy, T* dx) {
  for (Index i = 0; i < count; ++i) {
    const bool differs = x[i] < y[i] || x[i] > y[i];
    if (dx != nullptr) dx[i] = differs ? T(0) : dy[i];
    if (!differs) dy[i] = T(0);
  }
}

}  // namespace naive
}  // namespace nn::kernels

#define NN_KERNEL_BODY "nn/kernels/elementwise/pairwise.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels {

/// y = a op b.   a, b, y [count]; y may be either of them
template <Pairwise operation, Real T>
void pairwise(Index count, const T* a, const T* b, T* y) {
  for_each_block(count, [=](Index first, Index size) {
    if constexpr (has_simd<T>) {
      NN_DISPATCH(pairwise<operation>, size, a + first, b + first, y + first);
    } else {
      naive::pairwise<operation>(size, a + first, b + first, y + first);
    }
  });
}

/// y = a + b.   a, b, y [count]; y may be either of them
template <Real T>
void add(Index count, const T* a, const T* b, T* y) {
  pairwise<Pairwise::add>(count, a, b, y);
}

/// The gradient of a maximum or minimum y for one of its arguments x, to be called for one after
/// the other: dx = dy where x is y, else 0. What x has taken is 0 in dy afterwards, so of equal
/// arguments the first has it all. A NaN in x or y takes it too.
/// x, y, dy, dx [count]; dx may be null
template <Real T>
void take_where_equal(Index count, const T* x, const T* y, T* dy, T* dx) {
  for_each_block(count, [=](Index first, Index size) {
    T* const dx_of_block = dx == nullptr ? nullptr : dx + first;
    if constexpr (has_simd<T>) {
      NN_DISPATCH(take_where_equal, size, x + first, y + first, dy + first, dx_of_block);
    } else {
      naive::take_where_equal(size, x + first, y + first, dy + first, dx_of_block);
    }
  });
}

}  // namespace nn::kernels
