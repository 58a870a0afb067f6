// SPDX-License-Identifier: MIT
// Weights of length 1.
#pragma once

#include "nn/kernels/update/lengths.hpp"

namespace nn {

/// Gives a weight's vectors the length 1 (Keras: UnitNorm): w /= 1e-7 + |w|.
struct UnitNorm {
  /// Along which the vectors run: 0 for the kernel of a Dense, {0, 1, 2} for that of a Conv2D.
  Axes axis = 0;

  template <Real T>
  void operator()(const Shape& shape, T* w) const {
    kernels::bound_lengths(shape, axis, {.lowest = 1, .highest = 1}, w);
  }
};

}  // namespace nn
