// SPDX-License-Identifier: MIT
// L1 and L2 penalty.
#pragma once

#include "nn/core/shape.hpp"
#include "nn/kernels/update/penalty.hpp"

namespace nn {

/// Penalty on sizes and on squares (Zou and Hastie 2005; Keras: L1L2):
///     l1 sum |w| + l2 sum w^2     its gradient: l1 sign(w) + 2 l2 w
struct L1L2 {
  double l1 = 0;  ///< finite, 0 or more
  double l2 = 0;  ///< finite, 0 or more

  /// Of w; adds the gradient to `gradient` unless that is null. Both of that shape.
  template <Real T>
  double operator()(const Shape& shape, const T* w, T* gradient) const {
    return kernels::elements_penalty(shape.num_elements(), w, l1, l2, gradient);
  }
};

}  // namespace nn
