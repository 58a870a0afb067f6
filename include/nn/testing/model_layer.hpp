// SPDX-License-Identifier: MIT
// A model as one layer, to be put on the test bench.
#pragma once

#include <algorithm>
#include <span>
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

  /// `as_logits`: without the activation that closes the model.
  explicit ModelLayer(std::vector<AnyLayer<T>> layers, bool as_logits = false)
      : as_logits_(as_logits) {
    for (AnyLayer<T>& layer : layers) network().add(std::move(layer));
  }

  [[nodiscard]] std::string name() const { return "ModelLayer"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const {
    return network().output_shapes({input})[0];
  }
  void parameters(const Shape& input, ParameterList<T>& list) {
    network().infer_shapes({input});
    if (as_logits_) network().take_over({network().plan().outputs()[0].closing_activation});
    const ParameterList<T> own = network().list_parameters();
    for (const auto& entry : own.entries()) list.add(entry);
  }
  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    return layout(x[0], training).num_bytes;
  }

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    const MemoryLayout& layout = this->layout(batch_of(x), pass.training);
    const T* const in = x.data();
    T* const out = y.data();
    network().forward(std::span(&in, 1), pass, layout, std::span(&out, 1));
    if (!pass.training) return;
    std::copy_n(network().result(0, std::span(&in, 1), pass.memory, layout), y.size(), out);
  }
  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    const MemoryLayout& layout = this->layout(batch_of(x), true);
    std::copy_n(dy.data(), dy.size(), network().result_gradient(0, pass.memory, layout));
    const T* const in = x.data();
    T* const out = dx.data();
    network().backward(std::span(&in, 1), pass, layout, std::span(&out, pass.needs_dx ? 1U : 0U));
  }
  void update_state(const Shape& x, const Pass& pass) {
    network().update_state(pass, layout(x[0], true));
  }

 private:
  [[nodiscard]] Index batch_of(const ConstTensorMap<T, 2>& x) const {
    return x.size() / std::max<Index>(network().inputs()[0].num_elements(), 1);
  }

  [[nodiscard]] const MemoryLayout& layout(Index batch, bool training) const {
    return network().layout(layouts_, batch, training, as_logits_);
  }
  [[nodiscard]] Network<T>& network() { return nn::detail::ModelAccess::network(model_); }
  [[nodiscard]] const Network<T>& network() const {
    return nn::detail::ModelAccess::network(model_);
  }

  bool as_logits_;
  Sequential<T> model_;
  mutable LayoutCache layouts_;  // so one such layer runs in one thread only
};

}  // namespace nn::testing
