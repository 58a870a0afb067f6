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

/// The difference of two tensors of one shape (Keras: Subtract): y = x_1 - x_2
/// Shapes    x_i [N, ...]   y like each x_i
/// Backward  dx_1 = dy   dx_2 = -dy
/// Throws    ShapeError unless there are two inputs, and for different shapes
template <Real T = float>
class Subtract {
 public:
  using Scalar = T;

  [[nodiscard]] static std::string name() { return "Subtract"; }

  [[nodiscard]] NN_COLD Shape output_shape(std::span<const Shape> inputs) const {
    require_two("Subtract", inputs);
    return equal_shape("Subtract", inputs);
  }

  static constexpr Promises promises{.ignores_y = true};

  void forward(Tensors<const T> x, TensorRef<T> y, const Pass&) const {
    // y = x_1 - x_2
    merge_elements<kernels::Pairwise::subtract>(x, y);
  }

  void backward(Tensors<const T>, TensorRef<const T>, TensorRef<T> dy, Tensors<T> dx,
                const Pass&) const {
    // dx_1 = dy, dx_2 = -dy
    if (dx[0].data != nullptr) kernels::copy(dy.size(), dy.data, dx[0].data);
    if (dx[1].data != nullptr) kernels::scale_shift(dy.size(), dy.data, -1, 0, dx[1].data);
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}; }
  [[nodiscard]] static Subtract from_arguments(const Arguments&) { return {}; }
};

}  // namespace nn
