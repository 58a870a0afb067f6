// SPDX-License-Identifier: MIT
// Multi-head attention.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include "nn/core/memory.hpp"
#include "nn/layer/attention/attention_inputs.hpp"
#include "nn/layer/attention/head_projection.hpp"
#include "nn/layer/promises.hpp"
#include "nn/layer/weight_rules.hpp"

namespace nn {

/// Options of MultiHeadAttention, with Keras' names and defaults; `use_causal_mask` is an argument
/// of Keras' call.
struct MultiHeadAttentionOptions {
  Index value_dim = 0;                                   ///< features of v in each head; 0: key_dim
  double dropout = 0;                                    ///< of probabilities, in training
  bool use_bias = true;                                  ///< of all projections
  Index output_shape = 0;                                ///< features of y; 0: those of the query
  Initializer kernel_initializer = GlorotUniform{};      ///< the first values of each W
  Initializer bias_initializer = Zeros{};                ///< the first values of each b
  bool use_causal_mask = false;                          ///< step i attends to steps 0 .. i alone
  Regularizer kernel_regularizer{}, bias_regularizer{};  ///< penalties on each W and b in training
  Constraint kernel_constraint{}, bias_constraint{};     ///< where each update brings them back to
};

/// Attention of several heads (Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser and
/// Polosukhin 2017; Keras: MultiHeadAttention). Of one input, self-attention; of two, a query and a
/// value; of three, a query, a value and a key: `nn::apply(nn::MultiHeadAttention{…}, {x,
/// memory})`.
///     q = query Wq + bq   k = key Wk + bk   v = value Wv + bv, for each head
///     P = softmax(q k^T / sqrt(key_dim))   o = dropout(P) v   y = o Wo + bo, over all heads
/// Shapes    query [N, queries, dq]   value [N, keys, dv]   key [N, keys, dk]
///           Wq [dq, heads, key_dim]  Wk [dk, heads, key_dim]  Wv [dv, heads, value_dim]
///           Wo [heads, value_dim, output_shape]   y [N, queries, output_shape]
/// Backward  do = dy Wo^T   dv = P^T do   dS = P (do v^T - sum over keys of P (do v^T))
///           dq = dS k / sqrt(key_dim)   dk = dS^T q / sqrt(key_dim), and each projection's as
///           Dense
/// Masks     Keys that don't count are left out; a query that has no other attends to all.
/// Init      W: Glorot uniform (Glorot and Bengio 2010)   b: zero
/// Throws    std::invalid_argument unless heads and sizes are positive and 0 <= dropout <= 1;
///           ShapeError for other inputs
template <Real T = float>
class MultiHeadAttention {
 public:
  using Scalar = T;

  NN_COLD MultiHeadAttention(Index num_heads, Index key_dim,
                             const MultiHeadAttentionOptions& options = {})
      : num_heads_(num_heads), key_dim_(key_dim), options_(options) {
    demand(num_heads > 0, "MultiHeadAttention", "a positive number of heads", num_heads);
    demand(key_dim > 0, "MultiHeadAttention", "a positive key_dim", key_dim);
    demand(options.value_dim >= 0, "MultiHeadAttention", "a positive value_dim", options.value_dim);
    demand(options.output_shape >= 0, "MultiHeadAttention", "a positive output_shape",
           options.output_shape);
    detail::require_dropout("MultiHeadAttention", options.dropout);
    if (options_.value_dim == 0) options_.value_dim = key_dim;
  }

  [[nodiscard]] static std::string name() { return "MultiHeadAttention"; }

  [[nodiscard]] NN_COLD Shape output_shape(std::span<const Shape> inputs) const {
    detail::require_attention_inputs("MultiHeadAttention", inputs, 1);
    return {inputs[0][0], output_size(inputs[0])};
  }

  static constexpr Promises promises{
      .ignores_y = true, .keeps_first_mask = true, .assigns_gradients = true};

  [[nodiscard]] Index workspace_bytes(std::span<const Shape> x, bool training) const {
    const auto size = size_of(x[0], x[x.size() > 1 ? 1 : 0]);
    return bytes_of<T>(detail::ProjectionLayout(size, training).size);
  }

  void parameters(std::span<const Shape> samples, ParameterList<T>& list) {
    const detail::AttentionInputs inputs(samples.size());
    const Index out = output_size(samples[0]);
    const auto add = [&](auto& projection, const char* name, const Shape& kernel, Shape bias) {
      if (!options_.use_bias) bias = {};
      projection.parameters(name, kernel, bias, options_, list);
    };
    const auto add_heads = [&](auto& projection, const char* name, std::size_t input, Index size) {
      add(projection, name, {samples[input].back(), num_heads_, size}, {num_heads_, size});
    };
    add_heads(query_, "query", inputs.query, key_dim_);
    add_heads(key_, "key", inputs.key, key_dim_);
    add_heads(value_, "value", inputs.value, options_.value_dim);
    add(output_, "attention_output", {num_heads_, options_.value_dim, out}, {out});
  }

  void forward(Tensors<const T> x, TensorRef<T> y, const Pass& pass) const {
    const detail::AttentionInputs inputs(x.size());
    const Memory m = memory_of(x, pass);
    // q, k, v = projections of the inputs   o = softmax(q k^T / sqrt(key_dim)) v
    query_.forward(rows(x[inputs.query]), m.of_queries(m.q, key_dim_), pass);
    key_.forward(rows(x[inputs.key]), m.of_keys(m.k, key_dim_), pass);
    value_.forward(rows(x[inputs.value]), m.of_keys(m.v, options_.value_dim), pass);
    kernels::attention<T>(m.size, options_of(m.size, x[inputs.value].mask, pass), m.q, m.k, m.v,
                          m.o);
    // y = o Wo + bo
    output_.forward(m.of_queries(m.o, options_.value_dim), rows(y), pass);
  }

  void backward(Tensors<const T> x, TensorRef<const T>, TensorRef<T> dy, Tensors<T> dx,
                const Pass& pass) const {
    const detail::AttentionInputs inputs(x.size());
    const Memory m = memory_of(x, pass);
    // dWo += o^T dy   do = dy Wo^T
    output_.gradients(m.of_queries(m.o, options_.value_dim), rows(dy), pass);
    output_.input_gradient(rows(dy), m.of_queries(m.d_o, options_.value_dim), false, pass);
    kernels::attention_gradient<T>(m.size, options_of(m.size, x[inputs.value].mask, pass), m.q, m.k,
                                   m.v, m.d_o, m.dq, m.dk, m.dv);
    std::array<bool, 3> is_assigned{};  // each dx
    const auto finish = [&](const auto& projection, std::size_t input, kernels::Matrix<T> dz) {
      projection.gradients(rows(x[input]), dz, pass);
      if (dx[input].data == nullptr) return;
      projection.input_gradient(dz, rows(dx[input]), is_assigned[input], pass);
      is_assigned[input] = true;
    };
    finish(query_, inputs.query, m.of_queries(m.dq, key_dim_));
    finish(key_, inputs.key, m.of_keys(m.dk, key_dim_));
    finish(value_, inputs.value, m.of_keys(m.dv, options_.value_dim));
  }

  [[nodiscard]] Arguments arguments() const {
    Arguments arguments = Arguments{name()}
                              .set("num_heads", num_heads_)
                              .set("key_dim", key_dim_)
                              .set("value_dim", options_.value_dim)
                              .set("dropout", options_.dropout)
                              .set("use_bias", options_.use_bias)
                              .set("kernel_initializer", options_.kernel_initializer)
                              .set("bias_initializer", options_.bias_initializer)
                              .set("use_causal_mask", options_.use_causal_mask);
    if (options_.output_shape > 0) arguments.set("output_shape", options_.output_shape);
    return arguments.set_rules(options_);
  }
  [[nodiscard]] static MultiHeadAttention from_arguments(const Arguments& a) {
    MultiHeadAttentionOptions options{
        .dropout = a.get<double>("dropout"),
        .use_bias = a.get<bool>("use_bias"),
        .kernel_initializer = a.get<Initializer>("kernel_initializer"),
        .bias_initializer = a.get<Initializer>("bias_initializer")};
    const bool has_gate = a.has("use_gate") && a.get<bool>("use_gate");
    demand(!has_gate, "MultiHeadAttention", "heads without a gate", "use_gate true");
    if (a.has("value_dim")) options.value_dim = a.get<Index>("value_dim");
    if (a.has("output_shape")) options.output_shape = a.get<Index>("output_shape");
    if (a.has("use_causal_mask")) options.use_causal_mask = a.get<bool>("use_causal_mask");
    return {a.get<Index>("num_heads"), a.get<Index>("key_dim"), a.with_rules(options)};
  }

 private:
  /// The tensors in `pass.memory`, [samples, steps, heads, features].
  struct Memory {
    kernels::AttentionSize size;
    T *q, *k, *v, *o, *dq, *dk, *dv, *d_o;

    Memory(const kernels::AttentionSize& sizes, bool training, std::byte* bytes) : size(sizes) {
      const detail::ProjectionLayout layout(size, training);
      T* const memory = reinterpret_cast<T*>(bytes);
      q = memory + layout.q;
      k = memory + layout.k;
      v = memory + layout.v;
      o = memory + layout.o;
      dq = memory + layout.dq;
      dk = memory + layout.dk;
      dv = memory + layout.dv;
      d_o = memory + layout.d_o;
    }

    /// As rows [samples * steps, heads * features].
    [[nodiscard]] kernels::Matrix<T> of_queries(T* data, Index features) const {
      return {data, size.samples * size.queries, size.heads * features};
    }
    [[nodiscard]] kernels::Matrix<T> of_keys(T* data, Index features) const {
      return {data, size.samples * size.keys, size.heads * features};
    }
  };
  [[nodiscard]] Memory memory_of(const Tensors<const T>& x, const Pass& pass) const {
    const kernels::AttentionSize size = size_of(x[0].shape, x[x.size() > 1 ? 1 : 0].shape);
    pass.require_memory("MultiHeadAttention",
                        bytes_of<T>(detail::ProjectionLayout(size, pass.training).size));
    return {size, pass.training, pass.memory};
  }

  /// query, value: shapes with the batch axis.
  [[nodiscard]] kernels::AttentionSize size_of(const Shape& query, const Shape& value) const {
    return {.samples = query[0],
            .heads = num_heads_,
            .queries = query[1],
            .keys = value[1],
            .key_size = key_dim_,
            .value_size = options_.value_dim};
  }
  [[nodiscard]] kernels::AttentionOptions options_of(const kernels::AttentionSize& size,
                                                     const bool* key_mask, const Pass& pass) const {
    auto options = detail::attention_options(size, options_.dropout, pass);
    options.scale = 1 / std::sqrt(static_cast<double>(key_dim_));
    options.is_causal = options_.use_causal_mask;
    options.key_mask = key_mask;
    return options;
  }
  [[nodiscard]] Index output_size(const Shape& query) const {
    return options_.output_shape > 0 ? options_.output_shape : query.back();
  }
  template <class Element>
  [[nodiscard]] static kernels::Matrix<Element> rows(const TensorRef<Element>& x) {
    return matrix(x.rows());
  }

  Index num_heads_, key_dim_;
  MultiHeadAttentionOptions options_;
  detail::HeadProjection<T, 2> query_, key_, value_;
  detail::HeadProjection<T, 1> output_;
};

}  // namespace nn
