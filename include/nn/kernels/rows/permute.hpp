// SPDX-License-Identifier: MIT
// Tensors with their axes in another order.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "nn/core/shape.hpp"
#include "nn/kernels/machine/blocks.hpp"

namespace nn::kernels {

/// y = x, where axis i of y is axis `order[i]` of x, whose shape is given.
template <Real T>
void permute(const Shape& x_shape, const Shape& order, const T* x, T* y) {
  const Index rank = x_shape.rank();
  std::array<Index, Shape::max_rank> steps{}, sizes{};  // of the axes of y, within x
  for (Index i = 0; i < rank; ++i) {
    const Index axis = order[i];
    Index step = 1;
    for (Index inner = axis + 1; inner < rank; ++inner) step *= x_shape[inner];
    steps[static_cast<std::size_t>(i)] = step;
    sizes[static_cast<std::size_t>(i)] = x_shape[axis];
  }
  const Index count = x_shape.num_elements(), last = rank - 1;
  if (count == 0) return;
  const Index cols = sizes[static_cast<std::size_t>(last)];
  const Index step = steps[static_cast<std::size_t>(last)];
  for_each_row(count / cols, cols, [&](Index row) {
    Index from = 0, rest = row;
    for (auto axis = static_cast<std::size_t>(last); axis-- > 0;) {
      from += rest % sizes[axis] * steps[axis];
      rest /= sizes[axis];
    }
    T* const to = y + row * cols;
    if (step == 1) {
      std::copy_n(x + from, cols, to);
    } else {
      for (Index i = 0; i < cols; ++i) to[i] = x[from + i * step];
    }
  });
}

}  // namespace nn::kernels
