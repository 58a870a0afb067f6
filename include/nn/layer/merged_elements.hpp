// SPDX-License-Identifier: MIT
// What layers with several inputs have in common.
#pragma once

#include <cstddef>
#include <span>

#include "nn/core/error.hpp"
#include "nn/core/shape.hpp"
#include "nn/kernels/elementwise/pairwise.hpp"
#include "nn/layer/merging_layer.hpp"

namespace nn {

/// Throws `ShapeError` for fewer than two inputs.
NN_COLD inline void require_several(const char* where, std::span<const Shape> inputs) {
  if (inputs.size() < 2) refuse<ShapeError>({where, "two inputs or more", inputs.size()});
}

/// Throws `ShapeError` unless there are two inputs.
NN_COLD inline void require_two(const char* where, std::span<const Shape> inputs) {
  if (inputs.size() != 2) refuse<ShapeError>({where, "two inputs", inputs.size()});
}

/// The shape that all inputs have. Throws `ShapeError` for fewer than two, and for different ones.
[[nodiscard]] NN_COLD inline Shape equal_shape(const char* where, std::span<const Shape> inputs) {
  require_several(where, inputs);
  for (const Shape& input : inputs) {
    if (input == inputs[0]) continue;
    refuse<ShapeError>({where,
                        {"inputs of one shape, ", inputs[0].to_string()},
                        input.to_string(),
                        "",
                        "give the branches equally many channels, and the same strides"});
  }
  return inputs[0];
}

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

/// y = (x_1 op x_2) op x_3 ..., element by element.
/// Shapes    x_i, y [N, ...], all the same
template <kernels::Pairwise operation, Real T>
void merge_elements(Tensors<const T> x, const TensorRef<T>& y) {
  kernels::pairwise<operation>(y.size(), x[0].data, x[1].data, y.data);
  for (std::size_t i = 2; i < x.size(); ++i) {
    kernels::pairwise<operation>(y.size(), y.data, x[i].data, y.data);
  }
}

}  // namespace nn
