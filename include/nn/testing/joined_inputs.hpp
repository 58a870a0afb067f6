// SPDX-License-Identifier: MIT
// A layer with several inputs as one with a single input, to be put on the test bench.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/core/memory.hpp"
#include "nn/model/any_layer.hpp"
#include "nn/model/plan_steps.hpp"

namespace nn::testing {

/// A merging layer whose inputs stand one behind the other in a row for each sample.
/// Shapes  x [N, elements of all inputs of a sample]   y as the layer makes it
template <Real T, Promises Made = Promises{}>
class JoinedInputs {
 public:
  using Scalar = T;
  /// Those of the layer that hold here too: dx is written from elsewhere.
  static constexpr Promises promises{.assigns_gradients = Made.assigns_gradients,
                                     .updates_parameters = Made.updates_parameters};

  JoinedInputs(AnyLayer<T> layer, std::vector<Shape> samples)
      : layer_(std::move(layer)), samples_(std::move(samples)) {}

  [[nodiscard]] std::string name() const { return layer_.name(); }
  [[nodiscard]] Shape output_shape(const Shape&) const { return layer_.merged_shape(samples_); }
  /// What the layer keeps, then each input, and its gradient, in memory of its own.
  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    return kept_bytes(x[0], training) + 2 * bytes_of<T>(x.num_elements());
  }
  void parameters(const Shape&, ParameterList<T>& list) { layer_.parameters(samples_, list); }

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    const Inputs<T> inputs = inputs_in(joined_memory(x.dimension(0), pass), x.dimension(0));
    const T* row = x.data();
    for (const TensorRef<T>& input : used(inputs)) {
      row = for_each_row(input, x.dimension(1), row, [](const T* joined, Index size, T* own) {
        std::copy_n(joined, size, own);
      });
    }
    layer_.merge(used(as_const(inputs)), {y.data(), result_shape(x.dimension(0))}, pass);
  }

  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2> y, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    T* const memory = joined_memory(x.dimension(0), pass);  // the first half is as forward left it
    const Inputs<T> inputs = inputs_in(memory, x.dimension(0));
    Inputs<T> gradients = inputs_in(memory + x.size(), x.dimension(0));
    std::fill_n(memory + x.size(), x.size(), T(not_a_number<double>));
    const Shape y_shape = result_shape(x.dimension(0));
    if (!pass.needs_dx) {
      for (TensorRef<T>& gradient : gradients) gradient.data = nullptr;
    }
    layer_.backward(used(as_const(inputs)), {y.data(), y_shape}, {dy.data(), y_shape},
                    used(gradients), pass);
    if (!pass.needs_dx) return;
    T* row = dx.data();
    for (const TensorRef<T>& gradient : used(gradients)) {
      row = for_each_row(gradient, dx.dimension(1), row, [](T* joined, Index size, const T* own) {
        std::copy_n(own, size, joined);
      });
    }
  }

 private:
  template <class U>
  using Inputs = std::array<TensorRef<U>, nn::detail::max_merged>;

  [[nodiscard]] Index kept_bytes(Index batch, bool training) const {
    std::array<Shape, nn::detail::max_merged> shapes;
    for (std::size_t i = 0; i < samples_.size(); ++i) shapes[i] = samples_[i].with_batch(batch);
    return round_to_cache_line(
        layer_.workspace_bytes(std::span(shapes).first(samples_.size()), training));
  }
  [[nodiscard]] T* joined_memory(Index batch, const Pass& pass) const {
    return reinterpret_cast<T*>(pass.memory + kept_bytes(batch, pass.training));
  }
  /// Tensors of these samples, one behind the other.
  [[nodiscard]] Inputs<T> inputs_in(T* memory, Index batch) const {
    Inputs<T> inputs;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      inputs[i] = {memory, samples_[i].with_batch(batch)};
      memory += inputs[i].size();
    }
    return inputs;
  }
  [[nodiscard]] static Inputs<const T> as_const(const Inputs<T>& inputs) {
    Inputs<const T> result;
    for (std::size_t i = 0; i < inputs.size(); ++i) result[i] = {inputs[i].data, inputs[i].shape};
    return result;
  }
  template <class U>
  [[nodiscard]] Tensors<U> used(const Inputs<U>& inputs) const {
    return Tensors<U>(inputs).first(samples_.size());
  }
  [[nodiscard]] Shape result_shape(Index batch) const {
    return layer_.merged_shape(samples_).with_batch(batch);
  }
  /// Calls body(joined row from `first` on, size, own row) for each sample; returns what is behind
  /// the first of these.
  template <class U, class Body>
  static U* for_each_row(const TensorRef<T>& own, Index joined_size, U* first, const Body& body) {
    const Index batch = own.shape[0], size = own.size() / std::max<Index>(batch, 1);
    for (Index n = 0; n < batch; ++n) body(first + n * joined_size, size, own.data + n * size);
    return first + size;
  }

  AnyLayer<T> layer_;
  std::vector<Shape> samples_;
};

}  // namespace nn::testing
