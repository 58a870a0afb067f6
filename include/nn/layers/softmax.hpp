// SPDX-License-Identifier: MIT
// Softmax as a layer of its own.
#pragma once

#include <string>

#include "nn/kernels/rows/softmax.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Probabilities over the last axis: y_k = exp(x_k) / sum_j exp(x_j) (Bridle 1990; Keras: Softmax).
/// The row maximum is subtracted first, so exp does not overflow. Training under a cross-entropy
/// leaves out a softmax that ends the model: the loss works on x.
/// Shapes    x [N, ..., K]   y like x
/// Backward  dx = y * (dy - sum_j dy_j y_j)
/// Throws    std::invalid_argument for another axis than -1, the last one; ShapeError for samples
///           without features
template <Real T = float>
class Softmax {
 public:
  using Scalar = T;

  explicit Softmax(Index axis = -1) {
    demand(axis == -1, "Softmax", "axis -1, the last one", axis);
  }

  [[nodiscard]] static std::string name() { return "Softmax"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    if (input.empty() || input.back() == 0) {
      refuse<ShapeError>({"Softmax", "samples with at least one class", input.to_string()});
    }
    return input;
  }

  static constexpr Promises promises{.only_activates = true};

  [[nodiscard]] Activation activation() const { return Activation::softmax; }

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const {
    // y = exp(x) / sum exp(x), row by row
    kernels::softmax(x.dimension(0), x.dimension(1), x.data(), y.data());
  }

  void backward(ConstTensorMap<T, 2>, ConstTensorMap<T, 2> y, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass&) const {
    // dx = y * (dy - sum(dy * y))
    kernels::softmax_gradient(y.dimension(0), y.dimension(1), y.data(), dy.data(), dx.data());
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("axis", Index{-1}); }
  [[nodiscard]] static Softmax from_arguments(const Arguments& a) {
    // Files of before this argument existed have none.
    return Softmax(a.has("axis") ? a.get<Index>("axis") : -1);
  }
};

}  // namespace nn
