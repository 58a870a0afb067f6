// SPDX-License-Identifier: MIT
// Difference of two tensors.
#pragma once

#include <span>
#include <string>

#include "nn/kernels/elementwise/elementwise.hpp"
#include "nn/kernels/rows/copy.hpp"
#include "nn/layer/merged_elements.hpp"
#include "nn/layer/promises.hpp"

namespace nn {

/// The difference of two tensors (Keras: Subtract): y = x_1 - x_2
/// Shapes    x_i [N, ...]   y like each x_i, which are repeated along axes of size 1 or that they
///           lack in front
/// Backward  dx_1 = dy   dx_2 = -dy
/// Throws    ShapeError unless there are two inputs, and for sizes that differ
template <Real T = float>
class Subtract {
 public:
  using Scalar = T;

  [[nodiscard]] static std::string name() { return "Subtract"; }

  [[nodiscard]] NN_COLD Shape output_shape(std::span<const Shape> inputs) const {
    require_two("Subtract", inputs);
    return broadcast_shape("Subtract", inputs);
  }

  static constexpr Promises promises{.ignores_y = true, .keeps_mask = true};

  void forward(Tensors<const T> x, TensorRef<T> y, const Pass&) const {
    // y = x_1 - x_2
    merge_elements<kernels::Pairwise::subtract>(x, y);
  }

  void backward(Tensors<const T> x, TensorRef<const T>, TensorRef<T> dy, Tensors<T> dx,
                const Pass&) const {
    // dx_1 = dy, dx_2 = -dy
    MergedPart<T>::for_each(x, dy.shape, dx, [&](const MergedPart<T>& part) {
      const T* const gradient = dy.data + part.first;
      if (T* const to = part.dx(0)) kernels::copy(part.count, gradient, to);
      if (T* const to = part.dx(1)) kernels::scale_shift(part.count, gradient, -1, 0, to);
    });
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}; }
  [[nodiscard]] static Subtract from_arguments(const Arguments&) { return {}; }
};

}  // namespace nn
