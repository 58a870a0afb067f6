// SPDX-License-Identifier: MIT
// Softmax as a layer of its own.
#pragma once

#include <string>

#include "nn/kernels/rows/softmax.hpp"
#include "nn/layer/layer.hpp"
#include "nn/layer/sample_axis.hpp"

namespace nn {

/// Probabilities over an axis: y_k = exp(x_k) / sum_j exp(x_j) (Bridle 1990; Keras: Softmax). The
/// axis counts that of the batch, which is 0; -1 is the last. The maximum is subtracted first, so
/// exp does not overflow. Training under a cross-entropy leaves out a softmax over the last axis
/// that ends the model: the loss works on x.
/// Shapes    x [N, ..., K, ...]   y like x
/// Backward  dx = y * (dy - sum_j dy_j y_j)
/// Throws    std::invalid_argument for axis 0; ShapeError for samples without the axis, or without
///           elements along it
template <Real T = float>
class Softmax {
 public:
  using Scalar = T;
  static constexpr int input_rank = any_rank;
  static constexpr int output_rank = any_rank;

  explicit Softmax(Index axis = -1) : axis_(axis) {
    demand(axis != 0, "Softmax", "an axis of samples", "0, the axis of the batch");
  }

  [[nodiscard]] static std::string name() { return "Softmax"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    if (input.empty() || input[sample_axis("Softmax", axis_, input)] == 0) {
      refuse<ShapeError>({"Softmax", "samples with at least one class", input.to_string()});
    }
    return input;
  }

  static constexpr Promises promises{.only_activates = true, .keeps_mask = true};

  [[nodiscard]] Activation activation() const {
    return axis_ == -1 ? Activation::softmax : Activation::linear;
  }

  void forward(TensorRef<const T> x, TensorRef<T> y, const Pass&) const {
    // y = exp(x) / sum exp(x), line by line
    kernels::softmax(along_axis(x.shape, axis_), x.data, y.data);
  }

  void backward(TensorRef<const T> x, TensorRef<const T> y, TensorRef<T> dy, TensorRef<T> dx,
                const Pass&) const {
    // dx = y * (dy - sum(dy * y))
    kernels::softmax_gradient<T>(along_axis(x.shape, axis_), y.data, dy.data, dx.data);
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("axis", axis_); }
  [[nodiscard]] static Softmax from_arguments(const Arguments& a) {
    // Files of before this argument existed have none.
    return Softmax(a.has("axis") ? a.get<Index>("axis") : -1);
  }

 private:
  Index axis_;
};

}  // namespace nn
