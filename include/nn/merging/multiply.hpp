// SPDX-License-Identifier: MIT
// Product of several tensors, element by element.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "nn/kernels/elementwise/pairwise.hpp"
#include "nn/layer/merged_elements.hpp"
#include "nn/layer/promises.hpp"

namespace nn {

/// The product of tensors, element by element (Keras: Multiply): y = x_1 x_2 ...
/// Shapes    x_i [N, ...]   y like each x_i, which are repeated along axes of size 1 or that they
///           lack in front
/// Backward  dx_i = dy times the product of the other inputs
/// Cost      backward takes n (n - 1) passes over n inputs
/// Throws    ShapeError for fewer than two inputs, and for sizes that differ
template <Real T = float>
class Multiply {
 public:
  using Scalar = T;

  [[nodiscard]] static std::string name() { return "Multiply"; }

  [[nodiscard]] NN_COLD Shape output_shape(std::span<const Shape> inputs) const {
    return broadcast_shape("Multiply", inputs);
  }

  static constexpr Promises promises{.ignores_y = true, .keeps_mask = true};

  void forward(Tensors<const T> x, TensorRef<T> y, const Pass&) const {
    // y = x_1 x_2 ...
    merge_elements<kernels::Pairwise::multiply>(x, y);
  }

  void backward(Tensors<const T> x, TensorRef<const T>, TensorRef<T> dy, Tensors<T> dx,
                const Pass&) const {
    // dx_i = dy times all others; a quotient y / x_i would fail where x_i is 0
    MergedPart<T>::for_each(x, dy.shape, dx, [&](const MergedPart<T>& part) {
      for (std::size_t i = 0; i < x.size(); ++i) {
        T* const to = part.dx(i);
        if (to == nullptr) continue;
        const T* product = dy.data + part.first;
        for (std::size_t j = 0; j < x.size(); ++j) {
          if (j == i) continue;
          kernels::pairwise<kernels::Pairwise::multiply>(part.count, product, part.x(j), to);
          product = to;
        }
      }
    });
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}; }
  [[nodiscard]] static Multiply from_arguments(const Arguments&) { return {}; }
};

}  // namespace nn
