// SPDX-License-Identifier: MIT
// Sum of several tensors.
#pragma once

#include <span>
#include <string>

#include "nn/kernels/rows/copy.hpp"
#include "nn/layer/merged_elements.hpp"
#include "nn/layer/promises.hpp"

namespace nn {

/// The sum of tensors of one shape (Keras: Add): y = x_1 + x_2 + ...
/// Shapes    x_i [N, ...]   y like each x_i
/// Backward  dx_i = dy
/// Throws    ShapeError for fewer than two inputs, and for different shapes
template <Real T = float>
class Add {
 public:
  using Scalar = T;

  [[nodiscard]] static std::string name() { return "Add"; }

  [[nodiscard]] NN_COLD Shape output_shape(std::span<const Shape> inputs) const {
    return equal_shape("Add", inputs);
  }

  static constexpr Promises promises{.ignores_y = true};

  void forward(Tensors<const T> x, TensorRef<T> y, const Pass&) const {
    // y = x_1 + x_2 + ...
    merge_elements<kernels::Pairwise::add>(x, y);
  }

  void backward(Tensors<const T>, TensorRef<const T>, TensorRef<T> dy, Tensors<T> dx,
                const Pass&) const {
    // dx_i = dy
    for (const TensorRef<T>& each : dx) {
      if (each.data != nullptr) kernels::copy(dy.size(), dy.data, each.data);
    }
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}; }
  [[nodiscard]] static Add from_arguments(const Arguments&) { return {}; }
};

}  // namespace nn
