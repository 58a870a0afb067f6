// SPDX-License-Identifier: MIT
// A range of lengths of weights.
#pragma once

#include "nn/kernels/update/lengths.hpp"

namespace nn {

/// Moves the lengths of a weight's vectors towards min_value .. max_value (Keras: MinMaxNorm):
///     w *= (rate clip(|w|, min_value, max_value) + (1 - rate) |w|) / (1e-7 + |w|)
struct MinMaxNorm {
  double min_value = 0;  ///< 0 .. max_value
  double max_value = 1;  ///< finite
  double rate = 1;       ///< part of the way that an update goes; in 0 .. 1
  /// Along which the vectors run: 0 for the kernel of a Dense, {0, 1, 2} for that of a Conv2D.
  Axes axis = 0;

  template <Real T>
  void operator()(const Shape& shape, T* w) const {
    kernels::bound_lengths(shape, axis, {.lowest = min_value, .highest = max_value, .rate = rate},
                           w);
  }
};

}  // namespace nn
