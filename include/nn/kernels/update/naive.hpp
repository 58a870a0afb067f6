// SPDX-License-Identifier: MIT
// Optimizer updates in the plainest loops: the twins that the fast ones are tested against.
#pragma once

#include <cmath>

#include "nn/core/config.hpp"
#include "nn/kernels/update/adam_factors.hpp"

namespace nn::kernels::naive {

template <Real T>
void sgd_update(Index count, T* w, const T* g, T learning_rate) {
  for (Index i = 0; i < count; ++i) w[i] -= learning_rate * g[i];
}

template <Real T>
void momentum_update(Index count, T* w, const T* g, T* m, T learning_rate, T momentum,
                     bool nesterov) {
  for (Index i = 0; i < count; ++i) {
    m[i] = momentum * m[i] - learning_rate * g[i];
    w[i] += nesterov ? momentum * m[i] - learning_rate * g[i] : m[i];
  }
}

template <Real T>
void adam_update(Index count, T* w, const T* g, T* m, T* v, const AdamFactors<T>& factors,
                 T* v_max) {
  using std::sqrt;
  for (Index i = 0; i < count; ++i) {
    m[i] += (g[i] - m[i]) * factors.one_minus_beta_1;
    v[i] += (g[i] * g[i] - v[i]) * factors.one_minus_beta_2;
    T second_moment = v[i];
    if (v_max != nullptr) {
      if (v_max[i] < v[i]) v_max[i] = v[i];
      second_moment = v_max[i];
    }
    w[i] -= factors.alpha * m[i] / (sqrt(second_moment) + factors.epsilon);
  }
}

template <Real T>
void average_update(Index count, T* w, T* average, T momentum, bool overwrites) {
  for (Index i = 0; i < count; ++i) {
    average[i] = momentum * average[i] + (T(1) - momentum) * w[i];
    if (overwrites) w[i] = average[i];
  }
}

}  // namespace nn::kernels::naive
