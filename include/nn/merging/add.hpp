// SPDX-License-Identifier: MIT
// Sum of several tensors.
#pragma once

#include <algorithm>
#include <span>
#include <string>

#include "nn/kernels/elementwise/elementwise.hpp"
#include "nn/layer/merging_layer.hpp"
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
    if (inputs.size() < 2) refuse<ShapeError>({"Add", "two inputs or more", inputs.size()});
    for (const Shape& input : inputs) {
      if (input == inputs[0]) continue;
      refuse<ShapeError>({"Add",
                          {"inputs of one shape, ", inputs[0].to_string()},
                          input.to_string(),
                          "",
                          "give the branches equally many channels, and the same strides"});
    }
    return inputs[0];
  }

  static constexpr Promises promises{.ignores_y = true};

  void forward(Tensors<const T> x, TensorRef<T> y, const Pass&) const {
    // y = x_1 + x_2 + ...
    kernels::add(y.size(), x[0].data, x[1].data, y.data);
    for (std::size_t i = 2; i < x.size(); ++i) kernels::add(y.size(), y.data, x[i].data, y.data);
  }

  void backward(Tensors<const T>, TensorRef<const T>, TensorRef<T> dy, Tensors<T> dx,
                const Pass&) const {
    // dx_i = dy
    for (const TensorRef<T>& each : dx) {
      if (each.data != nullptr) std::copy_n(dy.data, dy.size(), each.data);
    }
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}; }
  [[nodiscard]] static Add from_arguments(const Arguments&) { return {}; }
};

}  // namespace nn
