// SPDX-License-Identifier: MIT
// A largest length of weights.
#pragma once

#include "nn/kernels/update/lengths.hpp"

namespace nn {

/// Shortens vectors of a weight that are longer than max_value (Srivastava et al. 2014; Keras:
/// MaxNorm): w *= min(|w|, max_value) / (1e-7 + |w|).
struct MaxNorm {
  double max_value = 2;  ///< finite, 0 or more
  /// Along which the vectors run: 0 for the kernel of a Dense, {0, 1, 2} for that of a Conv2D.
  Axes axis = 0;

  template <Real T>
  void operator()(const Shape& shape, T* w) const {
    kernels::bound_lengths(shape, axis, {.lowest = 0, .highest = max_value}, w);
  }
};

}  // namespace nn
