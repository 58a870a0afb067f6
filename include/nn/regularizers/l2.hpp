// SPDX-License-Identifier: MIT
// L2 penalty.
#pragma once

#include "nn/core/shape.hpp"
#include "nn/kernels/update/penalty.hpp"

namespace nn {

/// Penalty on squares (Hoerl and Kennard 1970; Keras: L2):
///     l2 sum w^2     its gradient: 2 l2 w
struct L2 {
  double l2 = 0.01;  ///< finite, 0 or more

  /// Of w; adds the gradient to `gradient` unless that is null. Both of that shape.
  template <Real T>
  double operator()(const Shape& shape, const T* w, T* gradient) const {
    return kernels::elements_penalty(shape.num_elements(), w, 0.0, l2, gradient);
  }
};

}  // namespace nn
