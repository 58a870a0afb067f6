// SPDX-License-Identifier: MIT
// Sum of several tensors.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "nn/kernels/rows/copy.hpp"
#include "nn/layer/merged_elements.hpp"
#include "nn/layer/promises.hpp"

namespace nn {

/// The sum of tensors, element by element (Keras: Add): y = x_1 + x_2 + ...
/// Shapes    x_i [N, ...]   y like each x_i, which are repeated along axes of size 1 or that they
///           lack in front
/// Backward  dx_i = dy
/// Throws    ShapeError for fewer than two inputs, and for sizes that differ
template <Real T = float>
class Add {
 public:
  using Scalar = T;

  [[nodiscard]] static std::string name() { return "Add"; }

  [[nodiscard]] NN_COLD Shape output_shape(std::span<const Shape> inputs) const {
    return broadcast_shape("Add", inputs);
  }

  static constexpr Promises promises{.ignores_y = true, .keeps_mask = true};

  void forward(Tensors<const T> x, TensorRef<T> y, const Pass&) const {
    // y = x_1 + x_2 + ...
    merge_elements<kernels::Pairwise::add>(x, y);
  }

  void backward(Tensors<const T> x, TensorRef<const T>, TensorRef<T> dy, Tensors<T> dx,
                const Pass&) const {
    // dx_i = dy
    MergedPart<T>::for_each(x, dy.shape, dx, [&](const MergedPart<T>& part) {
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (T* const to = part.dx(i)) kernels::copy(part.count, dy.data + part.first, to);
      }
    });
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}; }
  [[nodiscard]] static Add from_arguments(const Arguments&) { return {}; }
};

}  // namespace nn
