// SPDX-License-Identifier: MIT
// Mean of several tensors.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "nn/kernels/elementwise/elementwise.hpp"
#include "nn/layer/merged_elements.hpp"
#include "nn/layer/promises.hpp"

namespace nn {

/// The mean of tensors, element by element (Keras: Average; here that is how metrics
/// take a mean over classes):
///     y = (x_1 + x_2 + ... + x_n) / n
/// Shapes    x_i [N, ...]   y like each x_i, which are repeated along axes of size 1 or that they
///           lack in front
/// Backward  dx_i = dy / n
/// Throws    ShapeError for fewer than two inputs, and for sizes that differ
template <Real T = float>
class AverageLayer {
 public:
  using Scalar = T;

  [[nodiscard]] static std::string name() { return "Average"; }

  [[nodiscard]] NN_COLD Shape output_shape(std::span<const Shape> inputs) const {
    return broadcast_shape("Average", inputs);
  }

  static constexpr Promises promises{.ignores_y = true, .keeps_mask = true};

  void forward(Tensors<const T> x, TensorRef<T> y, const Pass&) const {
    // y = (x_1 + ... + x_n) / n
    merge_elements<kernels::Pairwise::add>(x, y);
    kernels::scale_shift(y.size(), y.data, share_of(x.size()), 0, y.data);
  }

  void backward(Tensors<const T> x, TensorRef<const T>, TensorRef<T> dy, Tensors<T> dx,
                const Pass&) const {
    // dx_i = dy / n
    const T share = share_of(x.size());
    MergedPart<T>::for_each(x, dy.shape, dx, [&](const MergedPart<T>& part) {
      for (std::size_t i = 0; i < x.size(); ++i) {
        T* const to = part.dx(i);
        if (to != nullptr) kernels::scale_shift(part.count, dy.data + part.first, share, 0, to);
      }
    });
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}; }
  [[nodiscard]] static AverageLayer from_arguments(const Arguments&) { return {}; }

 private:
  [[nodiscard]] static T share_of(std::size_t inputs) {
    return T(1.0 / static_cast<double>(inputs));
  }
};

}  // namespace nn
