// SPDX-License-Identifier: MIT
// A layer with several inputs or results as one with a single input and result, to be put on the
// test bench.
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

/// A layer whose inputs stand one behind the other in a row for each sample, and so do its results
/// where there are several.
/// Shapes  x [N, elements of all inputs of a sample]
///         y as the layer makes it, or [N, elements of all results of a sample]
template <Real T, Promises Made = Promises{}>
class JoinedInputs {
 public:
  using Scalar = T;
  /// Those of the layer that hold here too: dx is written from elsewhere.
  static constexpr Promises promises{.assigns_gradients = Made.assigns_gradients,
                                     .updates_parameters = Made.updates_parameters};

  JoinedInputs(AnyLayer<T> layer, std::vector<Shape> samples)
      : layer_(std::move(layer)), samples_(std::move(samples)) {
    for (Index i = 0; i < layer_.num_results(); ++i) {
      results_.push_back(layer_.merged_shape(samples_, i));
      num_made_ += results_.back().num_elements();
    }
  }

  [[nodiscard]] std::string name() const { return layer_.name(); }
  [[nodiscard]] Shape output_shape(const Shape&) const {
    return results_.size() == 1 ? results_[0] : Shape{num_made_};
  }
  /// What the layer keeps, then each input, and its gradient, in memory of its own, and the same of
  /// the results.
  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    const Index made = x[0] * num_made_;
    return kept_bytes(x[0], training) + 2 * bytes_of<T>(x.num_elements() + made);
  }
  void parameters(const Shape&, ParameterList<T>& list) { layer_.parameters(samples_, list); }

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    const Index batch = x.dimension(0);
    T* const memory = joined_memory(batch, pass);
    const Joined<T> inputs = tensors_in(memory, samples_, batch);
    split(x.data(), inputs);
    const Joined<T> results = results_in(y.data(), memory + 2 * x.size(), batch);
    layer_.merge(as_const(inputs).list(), results.list(), pass);
    if (results_.size() > 1) join(results, y.data());
  }

  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2> y, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    const Index batch = x.dimension(0);
    T* const memory = joined_memory(batch, pass);  // inputs and results are as forward left them
    const Joined<T> inputs = tensors_in(memory, samples_, batch);
    Joined<T> gradients = tensors_in(memory + x.size(), samples_, batch);
    std::fill_n(memory + x.size(), x.size(), T(not_a_number<double>));
    if (!pass.needs_dx) {
      for (TensorRef<T>& gradient : gradients.tensors) gradient.data = nullptr;
    }
    T* const made = memory + 2 * x.size();
    const Joined<T> results = results_in(const_cast<T*>(y.data()), made, batch);
    const Joined<T> dys = results_in(dy.data(), made + y.size(), batch);
    if (results_.size() > 1) split(dy.data(), dys);
    layer_.backward(as_const(inputs).list(), as_const(results).list(), dys.list(), gradients.list(),
                    pass);
    if (pass.needs_dx) join(gradients, dx.data());
  }

 private:
  /// Some tensors.
  template <class U>
  struct Joined {
    std::array<TensorRef<U>, nn::detail::max_merged> tensors{};
    std::size_t count = 0;
    [[nodiscard]] Tensors<U> list() const { return Tensors<U>(tensors).first(count); }
  };

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
  [[nodiscard]] static Joined<T> tensors_in(T* memory, const std::vector<Shape>& samples,
                                            Index batch) {
    Joined<T> joined;
    for (const Shape& sample : samples) {
      TensorRef<T>& tensor = joined.tensors[joined.count++];
      tensor = {memory, sample.with_batch(batch)};
      memory += tensor.size();
    }
    return joined;
  }
  /// A single result lies where it is read.
  [[nodiscard]] Joined<T> results_in(T* y, T* memory, Index batch) const {
    return tensors_in(results_.size() == 1 ? y : memory, results_, batch);
  }
  [[nodiscard]] static Joined<const T> as_const(const Joined<T>& joined) {
    Joined<const T> result;
    for (const TensorRef<T>& tensor : joined.list()) {
      result.tensors[result.count++] = {tensor.data, tensor.shape};
    }
    return result;
  }
  /// The tensors from what stands in rows, or the reverse.
  static void split(const T* rows, const Joined<T>& to) {
    for_each_row(to,
                 [rows](T* own, Index place, Index size) { std::copy_n(rows + place, size, own); });
  }
  static void join(const Joined<T>& from, T* rows) {
    for_each_row(from, [rows](const T* own, Index place, Index size) {
      std::copy_n(own, size, rows + place);
    });
  }
  /// Calls body(own row, its place among the joined rows, its size) for each sample of each tensor.
  template <class Body>
  static void for_each_row(const Joined<T>& joined, const Body& body) {
    Index width = 0, first = 0;
    const Index batch = joined.tensors[0].shape[0];
    for (const TensorRef<T>& tensor : joined.list()) width += row_size(tensor);
    for (const TensorRef<T>& tensor : joined.list()) {
      const Index size = row_size(tensor);
      for (Index n = 0; n < batch; ++n) body(tensor.data + n * size, n * width + first, size);
      first += size;
    }
  }
  [[nodiscard]] static Index row_size(const TensorRef<T>& tensor) {
    return tensor.size() / std::max<Index>(tensor.shape[0], 1);
  }

  AnyLayer<T> layer_;
  std::vector<Shape> samples_, results_;  // of one sample
  Index num_made_ = 0;                    // elements of all results of a sample
};

}  // namespace nn::testing
