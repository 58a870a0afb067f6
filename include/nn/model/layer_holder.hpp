// SPDX-License-Identifier: MIT
// What a layer or a model is behind the interface for layers of any type.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/kernels/product/matrix.hpp"
#include "nn/model/layer_interface.hpp"
#include "nn/model/model_access.hpp"

namespace nn {

/// A model that can be a part of another one.
template <class M>
concept ModelLike = std::copyable<M> && requires(M& model) {
  { detail::ModelAccess::network(model) } -> std::same_as<Network<typename M::Scalar>&>;
};

/// A model around layers that it was given, which are all that files say of it beside its
/// arguments.
template <class M>
concept WrappingModel = ModelLike<M> && requires(const M& model, const Arguments& arguments,
                                                 std::vector<AnyLayer<typename M::Scalar>> layers) {
  { M::name() } -> std::convertible_to<std::string>;
  { model.arguments() } -> std::same_as<Arguments>;
  { M::from_parts(arguments, std::move(layers)) } -> std::same_as<M>;
};

namespace detail {

/// Any shape as [rows, last axis]. Not inlined, as every layer has several views.
[[nodiscard, gnu::noinline]] inline Shape matrix_shape(const Shape& shape) {
  const Index cols = shape.rank() > 1 ? shape.back() : 1;
  const Index rows = cols == 0 ? 0 : shape.num_elements() / cols;
  return {rows, cols};
}

/// A map of the rank that a layer sees; rank 2 takes any shape as a matrix.
template <int Rank, class T>
[[nodiscard]] auto layer_view(T* data, const Shape& shape) {
  if constexpr (Rank == any_rank) {
    return TensorRef<T>{data, shape};
  } else if constexpr (Rank == 2) {
    return map_tensor<2>(data, matrix_shape(shape));
  } else {
    return map_tensor<Rank>(data, shape);
  }
}

/// A model, whose layers the model around it runs as its own.
template <class M>
struct ModelHolder final : LayerInterface<typename M::Scalar> {
  using T = typename M::Scalar;
  explicit ModelHolder(M&& held) : layer(std::move(held)) {}
  NN_COLD LayerInterface<T>* clone() const override { return new ModelHolder(M(layer)); }
  std::string name() const override { return M::name(); }
  Network<T>* network() override { return &ModelAccess::network(layer); }
  std::span<const AnyLayer<T>> parts() const override {
    if constexpr (WrappingModel<M>) return layer.layers();
    return {};
  }
  NN_COLD std::optional<Arguments> arguments() const override {
    if constexpr (WrappingModel<M>) return layer.arguments();
    return std::nullopt;
  }
  M layer;
};

/// A layer with several inputs.
template <class L>
struct MergingHolder final : LayerInterface<typename L::Scalar> {
  using T = typename L::Scalar;
  static constexpr bool has_memory = requires(const L& l, std::span<const Shape> x) {
    Index{l.workspace_bytes(x, true)};
  };

  static_assert(
      ParametricMergingLayer<L> || !requires { &L::parameters; },
      "expected parameters(std::span<const nn::Shape> samples, nn::ParameterList<Scalar>& list)");
  static_assert(
      has_memory || !requires { &L::workspace_bytes; },
      "expected workspace_bytes(std::span<const nn::Shape> x, bool training) const");
  static_assert(
      !requires { &L::update_state; }, "a layer with several inputs has no state");

  explicit MergingHolder(L&& held)
      : LayerInterface<T>(promises_of<L>(), 2, 2, has_memory, ParametricMergingLayer<L>),
        layer(std::move(held)) {}
  NN_COLD LayerInterface<T>* clone() const override {
    return (new MergingHolder(L(layer)))->as_copy_of(*this);
  }
  std::string name() const override { return layer.name(); }
  NN_COLD std::optional<Arguments> arguments() const override {
    if constexpr (requires { layer.arguments(); }) return layer.arguments();
    return std::nullopt;
  }
  Index workspace_bytes(std::span<const Shape> x, bool training) const override {
    if constexpr (has_memory) return layer.workspace_bytes(x, training);
    return 0;
  }
  void parameters(std::span<const Shape> inputs, ParameterList<T>& list) override {
    if constexpr (ParametricMergingLayer<L>) layer.parameters(inputs, list);
  }
  bool merges() const override { return true; }
  Shape merged_shape(std::span<const Shape> inputs, Index) const override {
    return layer.output_shape(inputs);
  }
  void merge(Tensors<const T> x, Tensors<T> y, const Pass& pass) const override {
    layer.forward(x, y[0], this->promised_part(pass));
  }
  void backward_merge(Tensors<const T> x, Tensors<const T> y, Tensors<T> dy, Tensors<T> dx,
                      const Pass& pass) const override {
    layer.backward(x, y[0], dy[0], dx, this->promised_part(pass));
  }
  L layer;
};

/// A layer with one input.
template <class L>
struct LayerHolder : LayerInterface<typename L::Scalar> {
  using T = typename L::Scalar;
  static constexpr int in = input_rank<L>();
  static constexpr int out = output_rank<L>();
  static constexpr Promises promised = promises_of<L>();
  static constexpr bool has_memory = requires(const L& l, const Shape& x) {
    Index{l.workspace_bytes(x, true)};
  };

  static_assert(
      ParametricLayer<L> || !requires { &L::parameters; },
      "expected parameters(const nn::Shape& sample, nn::ParameterList<Scalar>& list)");
  static_assert(
      requires(L & l, const Shape& x, const Pass& pass) { l.update_state(x, pass); } ||
          !requires { &L::update_state; },
      "expected update_state(const nn::Shape& x, const nn::Pass& pass)");
  static_assert(
      has_memory || !requires { &L::workspace_bytes; },
      "expected workspace_bytes(const nn::Shape& x, bool training) const");
  static_assert(
      MultiTensorLayer<L> || !requires { &L::num_results; },
      "expected the functions of nn/layer/multi_tensor_layer.hpp beside num_results()");

  explicit LayerHolder(L&& held)
      : LayerInterface<T>(promised, in, out, has_memory, ParametricLayer<L>),
        layer(std::move(held)) {}

  NN_COLD LayerInterface<T>* clone() const override {
    return (new LayerHolder(L(layer)))->as_copy_of(*this);
  }
  std::string name() const override { return layer.name(); }
  Shape output_shape(const Shape& input) const override { return layer.output_shape(input); }
  Index workspace_bytes(std::span<const Shape> x, bool training) const override {
    if constexpr (has_memory) return layer.workspace_bytes(x[0], training);
    return 0;
  }
  Activation activation() const override {
    if constexpr (requires { layer.activation(); }) return layer.activation();
    return Activation::linear;
  }
  NN_COLD std::optional<Arguments> arguments() const override {
    if constexpr (DescribedLayer<L>) return layer.arguments();
    return std::nullopt;
  }
  bool makes_mask() const override {
    if constexpr (requires { layer.makes_mask(); }) return layer.makes_mask();
    return false;
  }
  void make_mask([[maybe_unused]] const T* x, [[maybe_unused]] const Shape& x_shape,
                 [[maybe_unused]] bool* mask) const override {
    if constexpr (requires { layer.makes_mask(); }) {
      layer.make_mask(layer_view<in>(x, x_shape), mask);
    }
  }
  Index num_layers() const override {
    if constexpr (requires { layer.num_layers(); }) return layer.num_layers();
    return 1;
  }
  void parameters(std::span<const Shape> inputs, ParameterList<T>& list) override {
    if constexpr (ParametricLayer<L>) layer.parameters(inputs[0], list);
  }
  void forward(const T* x, const Shape& x_shape, T* y, const Shape& y_shape,
               const Pass& pass) const override {
    layer.forward(layer_view<in>(x, x_shape), layer_view<out>(y, y_shape),
                  this->promised_part(pass));
  }
  void forward(const T* x, const Shape& x_shape, T* y, const Shape& y_shape,
               const kernels::Affine<T>& affine, const Pass& pass) const override {
    if constexpr (promised.applies_affine) {
      layer.forward(layer_view<in>(x, x_shape), layer_view<out>(y, y_shape), affine,
                    this->promised_part(pass));
    }
  }
  bool is_affine_on(const Shape& sample) const override {
    if constexpr (requires { layer.is_affine_on(sample); }) return layer.is_affine_on(sample);
    return promised.is_affine;
  }
  void affine(T* scale, T* shift) const override {
    if constexpr (promised.is_affine) layer.affine(scale, shift);
  }
  void backward(const T* x, const Shape& x_shape, const T* y, const Shape& y_shape, T* dy, T* dx,
                const Pass& pass) const override {
    layer.backward(layer_view<in>(x, x_shape), layer_view<out>(y, y_shape),
                   layer_view<out>(dy, y_shape), layer_view<in>(dx, x_shape),
                   this->promised_part(pass));
  }
  void backward(const T* x, const Shape& x_shape, const T* y, const Shape& y_shape, T* dy,
                kernels::ColumnReader<T>& dx, const Pass& pass) const override {
    if constexpr (promised.gives_dx_in_columns) {
      layer.backward(layer_view<in>(x, x_shape), layer_view<out>(y, y_shape),
                     layer_view<out>(dy, y_shape), dx, pass);
    }
  }
  kernels::ColumnReader<T>* dy_reader(const T* x, const Shape& x_shape, const T* y,
                                      const Shape& y_shape, const Pass& pass) const override {
    if constexpr (promised.takes_dy_in_columns) {
      return layer.dy_reader(layer_view<in>(x, x_shape), layer_view<out>(y, y_shape),
                             this->promised_part(pass));
    }
    return nullptr;
  }
  bool updates_state() const override {
    if constexpr (requires { layer.updates_state(); }) return layer.updates_state();
    return requires(L & l, const Shape& x, const Pass& pass) { l.update_state(x, pass); };
  }
  bool is_stateful() const override {
    if constexpr (requires(L & l) { l.reset_states(); }) return updates_state();
    return false;
  }
  void reset_states() override {
    if constexpr (requires { layer.reset_states(); }) layer.reset_states();
  }
  void update_state([[maybe_unused]] const Shape& x_shape,
                    [[maybe_unused]] const Pass& pass) override {
    if constexpr (requires { layer.update_state(x_shape, pass); }) {
      if (!this->is_frozen) layer.update_state(x_shape, this->promised_part(pass));
    }
  }

  L layer;
};

/// A layer with further inputs or results.
template <class L>
struct MultiTensorHolder final : LayerHolder<L> {
  using T = typename L::Scalar;
  static constexpr Promises made = promises_of<L>();
  static_assert(!made.reshapes && !made.is_identity_at_inference && !made.only_activates &&
                    !made.applies_activation && !made.applies_relu && !made.applies_affine &&
                    !made.is_affine && !made.masks_dx && !made.gives_dx_in_columns &&
                    !made.takes_dy_in_columns && !made.writes_bfloat16 && !made.reads_bfloat16,
                "a layer with further inputs or results makes some promises alone: see "
                "nn/layer/multi_tensor_layer.hpp");
  static_assert(
      !requires { &L::make_mask; }, "a layer with further inputs or results makes no mask");

  using LayerHolder<L>::LayerHolder;
  NN_COLD LayerInterface<T>* clone() const override {
    return (new MultiTensorHolder(L(this->layer)))->as_copy_of(*this);
  }
  bool merges() const override { return true; }
  Index num_results() const override { return this->layer.num_results(); }
  Shape merged_shape(std::span<const Shape> inputs, Index result) const override {
    return this->layer.output_shape(inputs, result);
  }
  void merge(Tensors<const T> x, Tensors<T> y, const Pass& pass) const override {
    this->layer.forward(x, y, this->promised_part(pass));
  }
  void backward_merge(Tensors<const T> x, Tensors<const T> y, Tensors<T> dy, Tensors<T> dx,
                      const Pass& pass) const override {
    this->layer.backward(x, y, dy, dx, this->promised_part(pass));
  }
};

/// The holder that fits a layer or a model.
template <class L>
struct HolderOf {
  using Type = LayerHolder<L>;
};
template <ModelLike M>
struct HolderOf<M> {
  using Type = ModelHolder<M>;
};
template <MergingLayer L>
struct HolderOf<L> {
  using Type = MergingHolder<L>;
};
template <MultiTensorLayer L>
struct HolderOf<L> {
  using Type = MultiTensorHolder<L>;
};

}  // namespace detail
}  // namespace nn
