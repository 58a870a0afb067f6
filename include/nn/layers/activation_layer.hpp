// SPDX-License-Identifier: MIT
// Any activation by name, as a layer of its own.
#pragma once

#include <string>

#include "nn/kernels/rows/activation.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// y = act(x), for each of the activations that have a name (Keras: Activation, whose name belongs
/// to the enum here): `nn::ActivationLayer{nn::Activation::gelu}`. It is the same as the option
/// `activation` of the layer before it.
/// Shapes    x [N, ...]   y like x; softmax and log_softmax act on the last axis
/// Backward  dx = dy * act'(x), or for y = softmax(x):      dx = y * (dy - sum_j dy_j y_j)
///                                  for y = log_softmax(x): dx = dy - exp(y) sum_j dy_j
/// Throws    ShapeError for samples without features where act is one of the last axis
template <Real T = float>
class ActivationLayer {
 public:
  using Scalar = T;

  explicit ActivationLayer(Activation activation) : activation_(activation) {}

  [[nodiscard]] static std::string name() { return "Activation"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    if (acts_on_rows(activation_) && (input.empty() || input.back() == 0)) {
      refuse<ShapeError>({{"Activation(", to_string(activation_), ")"},
                          "samples with at least one class",
                          input.to_string()});
    }
    return input;
  }

  static constexpr Promises promises{.only_activates = true, .keeps_mask = true};

  [[nodiscard]] Activation activation() const { return activation_; }

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const {
    // y = act(x)
    kernels::activate_rows(activation_, x.dimension(0), x.dimension(1), x.data(), y.data());
  }

  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2> y, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    // dx = dy act'(x)
    if (!pass.needs_dx) return;
    kernels::activation_gradient_of_rows(activation_, x.dimension(0), x.dimension(1), x.data(),
                                         y.data(), dy.data(), dx.data());
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}.set("activation", activation_);
  }
  [[nodiscard]] static ActivationLayer from_arguments(const Arguments& a) {
    return ActivationLayer(a.get<Activation>("activation"));
  }

 private:
  Activation activation_;
};

}  // namespace nn
