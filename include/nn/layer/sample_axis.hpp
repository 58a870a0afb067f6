// SPDX-License-Identifier: MIT
// Axes that are counted as Keras does: that of the batch is 0, -1 is the last.
#pragma once

#include "nn/core/error.hpp"
#include "nn/core/shape.hpp"
#include "nn/kernels/middle_axis.hpp"

namespace nn {

/// The axis of a sample that `axis` means, which counts the batch's too, and from the end if it is
/// negative. Throws `ShapeError` where the sample has none.
[[nodiscard]] NN_COLD inline Index sample_axis(const char* where, Index axis, const Shape& sample) {
  const Index result = axis > 0 ? axis - 1 : axis + sample.rank();
  if (result < 0 || result >= sample.rank()) {
    refuse<ShapeError>(
        {where, {"samples with axis ", axis}, sample.to_string(), "axis 0 is that of the batch"});
  }
  return result;
}

/// A tensor of that shape, with the batch axis, along an axis of its samples.
[[nodiscard]] inline kernels::MiddleAxis along_axis(const Shape& shape, Index axis) {
  kernels::MiddleAxis result;
  const Index place = axis >= 0 ? axis : axis + shape.rank();
  for (Index i = 0; i < shape.rank(); ++i) {
    (i < place ? result.outer : i == place ? result.size : result.inner) *= shape[i];
  }
  return result;
}

}  // namespace nn
