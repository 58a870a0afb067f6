// SPDX-License-Identifier: MIT
// What optimizers do to neighbouring parameters, in one pass, in the calling thread. The words of
// this folder, for each parameter:
//   w, g       its value and its gradient
//   m, v       what the optimizer keeps: a running mean of g (or, of SGD, the velocity) and of g^2
//   v_max      the largest v so far
//   average    a running mean of w
#pragma once

#include <type_traits>

#include "nn/kernels/machine/simd.hpp"
#include "nn/kernels/update/naive.hpp"

#define NN_KERNEL_BODY "nn/kernels/update/update.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels {

/// w -= learning_rate g.   All [count]
template <Real T>
void sgd_update(Index count, T* w, const T* g, std::type_identity_t<T> learning_rate) {
  if constexpr (has_simd<T>) {
    NN_DISPATCH(sgd_update, count, w, g, learning_rate);
  } else {
    naive::sgd_update(count, w, g, learning_rate);
  }
}

/// m = momentum m - learning_rate g, then w += m, or with Nesterov's look ahead (as Sutskever,
/// Martens, Dahl and Hinton 2013 write it) w += momentum m - learning_rate g.   All [count]
template <Real T>
void momentum_update(Index count, T* w, const T* g, T* m, std::type_identity_t<T> learning_rate,
                     std::type_identity_t<T> momentum, bool nesterov) {
  if constexpr (has_simd<T>) {
    NN_DISPATCH(momentum_update, count, w, g, m, learning_rate, momentum, nesterov);
  } else {
    naive::momentum_update(count, w, g, m, learning_rate, momentum, nesterov);
  }
}

/// One step of Adam (Kingma and Ba 2015) in Keras' form, where epsilon meets the uncorrected root:
///   m += (g - m) (1 - beta_1)    v += (g^2 - v) (1 - beta_2)    w -= alpha m / (sqrt(v) + epsilon)
/// with alpha = learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t) from the caller. With `v_max`
/// (AMSGrad; Reddi, Kale and Kumar 2018) the root is of v_max = max(v_max, v).   All [count]
template <Real T>
void adam_update(Index count, T* w, const T* g, T* m, T* v, const AdamFactors<T>& factors,
                 std::type_identity_t<T>* v_max = nullptr) {
  if constexpr (has_simd<T>) {
    NN_DISPATCH(adam_update, count, w, g, m, v, factors, v_max);
  } else {
    naive::adam_update(count, w, g, m, v, factors, v_max);
  }
}

/// average = momentum average + (1 - momentum) w, and then w = average if `overwrites`.
/// All [count]
template <Real T>
void average_update(Index count, T* w, T* average, std::type_identity_t<T> momentum,
                    bool overwrites) {
  if constexpr (has_simd<T>) {
    NN_DISPATCH(average_update, count, w, average, momentum, overwrites);
  } else {
    naive::average_update(count, w, average, momentum, overwrites);
  }
}

}  // namespace nn::kernels
