// SPDX-License-Identifier: MIT
// A model as one layer, to be put on the test bench.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "nn/model/sequential.hpp"

namespace nn::testing {

/// Layers that run as a model plans them, seen from outside as a single layer.
template <Real T>
class ModelLayer {
 public:
  using Scalar = T;
  static constexpr Promises promises{.assigns_gradients = true, .updates_parameters = true};

  explicit ModelLayer(std::vector<AnyLayer<T>> layers) {
    for (AnyLayer<T>& layer : layers) network().add(std::move(layer));
  }

  [[nodiscard]] std::string name() const { return "ModelLayer"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const {
    return network().output_shape(input);
  }
  void parameters(const Shape& input, ParameterList<T>& list) {
    network().infer_shapes(input);
    const ParameterList<T> own = network().list_parameters();
    for (const auto& entry : own.entries()) list.add(entry);
  }
  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    return network().workspace_bytes(x[0], training);
  }

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    const T* const result = network().forward(x.data(), batch_of(x), pass, y.data());
    if (result != y.data()) std::copy_n(result, y.size(), y.data());
  }
  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    std::copy_n(dy.data(), dy.size(), network().result_gradient(pass.memory));
    network().backward(x.data(), batch_of(x), pass, pass.needs_dx ? dx.data() : nullptr);
  }
  void update_state(const Shape& x, const Pass& pass) { network().update_state(x[0], pass); }

 private:
  [[nodiscard]] Index batch_of(const ConstTensorMap<T, 2>& x) const {
    return x.size() / std::max<Index>(network().input().num_elements(), 1);
  }

  [[nodiscard]] Network<T>& network() { return nn::detail::ModelAccess::network(model_); }
  [[nodiscard]] const Network<T>& network() const {
    return nn::detail::ModelAccess::network(model_);
  }

  Sequential<T> model_;
};

}  // namespace nn::testing
