// SPDX-License-Identifier: MIT
// Dot-product attention.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "nn/core/memory.hpp"
#include "nn/kernels/elementwise/pairwise.hpp"
#include "nn/layer/attention/attention_inputs.hpp"
#include "nn/layer/promises.hpp"

namespace nn {

/// Options of Attention, with Keras' names and defaults; `use_causal_mask` is an argument of Keras'
/// call.
struct AttentionOptions {
  bool use_scale = false;        ///< scores are multiplied by a parameter
  double dropout = 0;            ///< of probabilities, in training
  bool use_causal_mask = false;  ///< step i attends to steps 0 .. i alone
};

/// Attention of a query to a value, by a key that is the value itself where there are two inputs
/// (Luong, Pham and Manning 2015; Keras: Attention, with its score_mode "dot"). The scores are not
/// divided by the square root of the features: see MultiHeadAttention.
///     P = softmax(s query key^T)   y = dropout(P) value
/// Shapes    query [N, queries, features]   value [N, keys, out]   key [N, keys, features]   s []
///           y [N, queries, out]
/// Backward  dvalue = P^T dy   dS = P (dy value^T - sum over keys of P (dy value^T))
///           dquery = s dS key   dkey = s dS^T query   ds = sum dS query key^T
/// Masks     Keys that don't count are left out; y of a query that doesn't is 0.
/// Init      s: 1; without use_scale there is none
/// Throws    std::invalid_argument unless 0 <= dropout <= 1; ShapeError for other inputs
template <Real T = float>
class Attention {
 public:
  using Scalar = T;

  NN_COLD explicit Attention(const AttentionOptions& options = {}) : options_(options) {
    detail::require_dropout("Attention", options.dropout);
  }

  [[nodiscard]] static std::string name() { return "Attention"; }

  [[nodiscard]] NN_COLD Shape output_shape(std::span<const Shape> inputs) const {
    detail::require_attention_inputs("Attention", inputs, 2);
    const Shape& key = inputs[detail::AttentionInputs(inputs.size()).key];
    if (inputs[0].back() != key.back()) {
      refuse<ShapeError>({"Attention",
                          "a query and a key with as many features",
                          {inputs[0].to_string(), " and ", key.to_string()}});
    }
    return {inputs[0][0], inputs[1].back()};
  }

  static constexpr Promises promises{.ignores_y = true, .keeps_first_mask = true};

  /// s query; in training also the gradients of query, key and value.
  [[nodiscard]] Index workspace_bytes(std::span<const Shape> x, bool training) const {
    const Index query = x[0].num_elements(), value = x[1].num_elements();
    const Index key = checked_product({x[1][0], x[1][1], x[0].back()});
    const Index scaled = options_.use_scale ? query : 0;
    return bytes_of<T>(training ? checked_sum({scaled, query, key, value}) : scaled);
  }

  void parameters(std::span<const Shape>, ParameterList<T>& list) {
    if (options_.use_scale) list.add(s_, "scale", {}, Ones{});
  }

  void forward(Tensors<const T> x, TensorRef<T> y, const Pass& pass) const {
    const detail::AttentionInputs inputs(x.size());
    const kernels::AttentionSize size = size_of(x);
    const T* query = x[0].data;
    if (options_.use_scale) {
      T* const scaled = memory_of(x, pass);
      multiply(x[0].size(), s_.value().data[0], query, scaled);
      query = scaled;
    }
    // y = softmax(s query key^T) value
    kernels::attention<T>(size, options_of(size, x[1].mask, pass), query, x[inputs.key].data,
                          x[1].data, y.data);
    clear_masked(x[0].mask, y);
  }

  void backward(Tensors<const T> x, TensorRef<const T>, TensorRef<T> dy, Tensors<T> dx,
                const Pass& pass) const {
    const detail::AttentionInputs inputs(x.size());
    const kernels::AttentionSize size = size_of(x);
    T* memory = memory_of(x, pass);
    const T* query = x[0].data;
    clear_masked(x[0].mask, dy);
    if (options_.use_scale) query = std::exchange(memory, memory + x[0].size());
    T *const dq = memory, *const dk = dq + size.num_queries(), *const dv = dk + size.num_keys();
    kernels::attention_gradient<T>(size, options_of(size, x[1].mask, pass), query,
                                   x[inputs.key].data, x[1].data, dy.data, dq, dk, dv);
    if (options_.use_scale) {
      // ds = sum query (dS key)   dquery = s dS key
      T sum = T(0);
      for (Index i = 0; i < x[0].size(); ++i) sum += x[0].data[i] * dq[i];
      if (!pass.is_frozen) s_.gradient().data[0] += sum;
      multiply(x[0].size(), s_.value().data[0], dq, dq);
    }
    if (inputs.key == inputs.value) kernels::add(x[1].size(), dv, dk, dv);
    const T* const gradients[] = {dq, dv, dk};
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (dx[i].data != nullptr) std::copy_n(gradients[i], x[i].size(), dx[i].data);
    }
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}
        .set("use_scale", options_.use_scale)
        .set("score_mode", "dot")
        .set("dropout", options_.dropout)
        .set("use_causal_mask", options_.use_causal_mask);
  }
  [[nodiscard]] static Attention from_arguments(const Arguments& a) {
    const auto mode = a.get<std::string>("score_mode");
    demand(mode == "dot", "Attention", "the score_mode dot", mode);
    return Attention(
        {.use_scale = a.get<bool>("use_scale"),
         .dropout = a.get<double>("dropout"),
         .use_causal_mask = a.has("use_causal_mask") && a.get<bool>("use_causal_mask")});
  }

 private:
  [[nodiscard]] static kernels::AttentionSize size_of(const Tensors<const T>& x) {
    return {.samples = x[0].shape[0],
            .heads = 1,
            .queries = x[0].shape[1],
            .keys = x[1].shape[1],
            .key_size = x[0].shape[2],
            .value_size = x[1].shape[2]};
  }
  [[nodiscard]] kernels::AttentionOptions options_of(const kernels::AttentionSize& size,
                                                     const bool* key_mask, const Pass& pass) const {
    auto options = detail::attention_options(size, options_.dropout, pass);
    options.is_causal = options_.use_causal_mask;
    options.key_mask = key_mask;
    return options;
  }
  /// y of steps of the query that don't count is 0, and so is their gradient.
  static void clear_masked(const bool* mask, const TensorRef<T>& y) {
    if (mask == nullptr) return;
    const kernels::Matrix<T> rows = matrix(y.rows());
    for (Index i = 0; i < rows.rows; ++i) {
      if (!mask[i]) std::fill_n(&rows(i, 0), rows.cols, T(0));
    }
  }
  [[nodiscard]] T* memory_of(const Tensors<const T>& x, const Pass& pass) const {
    const Shape shapes[] = {x[0].shape, x[1].shape};
    pass.require_memory("Attention", workspace_bytes(shapes, pass.training));
    return reinterpret_cast<T*>(pass.memory);
  }
  /// y = s x
  static void multiply(Index count, T s, const T* x, T* y) {
    kernels::for_each_block(count, [=](Index first, Index size) {
      for (Index i = first; i < first + size; ++i) y[i] = s * x[i];
    });
  }

  AttentionOptions options_;
  Parameter<T, any_rank> s_;  // []
};

}  // namespace nn
