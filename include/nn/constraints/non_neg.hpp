// SPDX-License-Identifier: MIT
// Weights of 0 or more.
#pragma once

#include "nn/core/real.hpp"
#include "nn/core/shape.hpp"

namespace nn {

/// Sets negative weights to 0 (Keras: NonNeg): w = max(w, 0).
struct NonNeg {
  template <Real T>
  void operator()(const Shape& shape, T* w) const {
    const Index count = shape.num_elements();
    for (Index i = 0; i < count; ++i) {
      if (w[i] < T(0)) w[i] = T(0);
    }
  }
};

}  // namespace nn
