// SPDX-License-Identifier: MIT
// Flatten layer.
#pragma once

#include <algorithm>
#include <string>

#include "nn/layer/layer.hpp"

namespace nn {

/// All axes of a sample as one, in row-major order: height, width, channels (Keras: Flatten).
/// Nothing is moved: y is x under another shape.
/// Shapes    x [N, a, b, ...]   y [N, a*b*...]
/// Backward  dx = dy under the shape of x
template <Real T = float>
class Flatten {
 public:
  using Scalar = T;

  [[nodiscard]] static std::string name() { return "Flatten"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return {input.num_elements()}; }

  static constexpr Promises promises{.reshapes = true};

  // A model never calls these: it passes the memory on.
  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const {
    std::copy_n(x.data(), x.size(), y.data());
  }
  void backward(ConstTensorMap<T, 2>, ConstTensorMap<T, 2>, TensorMap<T, 2> dy, TensorMap<T, 2> dx,
                const Pass&) const {
    std::copy_n(dy.data(), dy.size(), dx.data());
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}; }
  [[nodiscard]] static Flatten from_arguments(const Arguments&) { return {}; }
};

}  // namespace nn
