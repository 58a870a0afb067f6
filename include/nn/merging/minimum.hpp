// SPDX-License-Identifier: MIT
// The smallest of several tensors, element by element.
#pragma once

#include <span>
#include <string>

#include "nn/kernels/elementwise/pairwise.hpp"
#include "nn/layer/merged_elements.hpp"
#include "nn/layer/promises.hpp"

namespace nn {

/// The smallest of tensors, element by element (Keras: Minimum):
///     y = min(x_1, x_2, ...); NaN where any of them is
/// Shapes    x_i [N, ...]   y like each x_i, which are repeated along axes of size 1 or that they
///           lack in front
/// Backward  dx_i gets dy where x_i is y, the first of equal inputs all of it (as in TensorFlow),
///           and else 0
/// Throws    ShapeError for fewer than two inputs, and for sizes that differ
template <Real T = float>
class Minimum {
 public:
  using Scalar = T;

  [[nodiscard]] static std::string name() { return "Minimum"; }

  [[nodiscard]] NN_COLD Shape output_shape(std::span<const Shape> inputs) const {
    return broadcast_shape("Minimum", inputs);
  }

  static constexpr Promises promises{.keeps_mask = true};

  void forward(Tensors<const T> x, TensorRef<T> y, const Pass&) const {
    // y = min(x_1, x_2, ...)
    merge_elements<kernels::Pairwise::minimum>(x, y);
  }

  void backward(Tensors<const T> x, TensorRef<const T> y, TensorRef<T> dy, Tensors<T> dx,
                const Pass&) const {
    // dx_i = dy where x_i is y; dy is 0 there for those that follow
    hand_on_where_equal(x, y, dy, dx);
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}; }
  [[nodiscard]] static Minimum from_arguments(const Arguments&) { return {}; }
};

}  // namespace nn
