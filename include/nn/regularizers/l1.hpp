// SPDX-License-Identifier: MIT
// L1 penalty.
#pragma once

#include "nn/core/shape.hpp"
#include "nn/kernels/update/penalty.hpp"

namespace nn {

/// Penalty on sizes, which draws weights to 0 (Tibshirani 1996; Keras: L1):
///     l1 sum |w|     its gradient: l1 sign(w)
struct L1 {
  double l1 = 0.01;  ///< finite, 0 or more

  /// Of w; adds the gradient to `gradient` unless that is null. Both of that shape.
  template <Real T>
  double operator()(const Shape& shape, const T* w, T* gradient) const {
    return kernels::elements_penalty(shape.num_elements(), w, l1, 0.0, gradient);
  }
};

}  // namespace nn
