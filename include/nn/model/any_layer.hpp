// SPDX-License-Identifier: MIT
// Any layer behind one interface: where the container erases the type.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/erased.hpp"
#include "nn/kernels/elementwise/affine.hpp"
#include "nn/kernels/product/column_reader.hpp"
#include "nn/kernels/product/matrix.hpp"
#include "nn/layer/layer.hpp"
#include "nn/layer/merging_layer.hpp"
#include "nn/model/model_access.hpp"

namespace nn {

template <Real T>
class Network;  // model/network.hpp

/// A model that can be a part of another one.
template <class M>
concept ModelLike = std::copyable<M> && requires(M& model) {
  { detail::ModelAccess::network(model) } -> std::same_as<Network<typename M::Scalar>&>;
};

template <Real T>
class AnyLayer;

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

}  // namespace detail

/// A value that holds a layer of any type; one indirect call per use. Shapes carry the batch axis
/// where they go with data. It may also hold a layer with several inputs, which has functions of
/// its own, or a model, which is run layer by layer: then `network` has the layers, and nothing but
/// `name` and `get_if` may be called.
template <Real T>
class AnyLayer {
 public:
  template <class L>
  requires(!std::same_as<L, AnyLayer>) &&
      Layer<L>&& std::same_as<typename L::Scalar, T> explicit AnyLayer(L layer)
      : self_(hold(std::move(layer))) {}
  template <class M>
  requires(!std::same_as<M, AnyLayer>) &&
      ModelLike<M>&& std::same_as<typename M::Scalar, T> explicit AnyLayer(M model)
      : self_(new ModelHolder<M>(std::move(model))) {}
  template <class L>
  requires(!std::same_as<L, AnyLayer>) &&
      MergingLayer<L>&& std::same_as<typename L::Scalar, T> explicit AnyLayer(L layer)
      : self_(hold(std::move(layer))) {}

  [[nodiscard]] std::string name() const { return self_->name(); }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return self_->output_shape(input); }
  /// x: the shape of each input, with the batch axis.
  [[nodiscard]] Index workspace_bytes(std::span<const Shape> x, bool training) const {
    return self_->workspace_bytes(x, training);
  }
  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    return workspace_bytes({&x, 1}, training);
  }
  [[nodiscard]] Activation activation() const { return self_->activation(); }
  /// Whether it makes the mask of the sequences that it gives.
  [[nodiscard]] bool makes_mask() const { return self_->makes_mask(); }
  /// mask [samples, steps]
  void make_mask(const T* x, const Shape& x_shape, bool* mask) const {
    self_->make_mask(x, x_shape, mask);
  }
  [[nodiscard]] std::optional<Arguments> arguments() const { return self_->arguments(); }
  [[nodiscard]] const Promises& promises() const { return self_->promises; }
  /// Whether it has parameters that are trained: as of the last `parameters`, before it whether it
  /// has any.
  [[nodiscard]] bool is_trained() const { return self_->is_trained; }
  /// Keeps training from changing it, or no longer, from the next `parameters` on.
  void set_frozen(bool frozen) { self_->is_frozen = frozen; }
  [[nodiscard]] bool is_frozen() const { return self_->is_frozen; }
  /// Ranks with the batch axis; 2 and `any_rank`: any.
  [[nodiscard]] int input_rank() const { return self_->input_rank; }
  [[nodiscard]] int output_rank() const { return self_->output_rank; }
  /// How many layers inside draw random numbers of their own.
  [[nodiscard]] Index num_layers() const { return self_->num_layers(); }
  /// The layers of a nested model; null for a layer.
  [[nodiscard]] Network<T>* network() { return self_->network(); }
  [[nodiscard]] const Network<T>* network() const { return self_->network(); }
  /// The layers that a `WrappingModel` was made of; else none.
  [[nodiscard]] std::span<const AnyLayer> parts() const { return self_->parts(); }
  /// Whether it may have several inputs: then these three functions take the place of those with
  /// one.
  [[nodiscard]] bool merges() const { return self_->merges(); }
  [[nodiscard]] Shape merged_shape(std::span<const Shape> inputs) const {
    return self_->merged_shape(inputs);
  }
  void merge(Tensors<const T> x, const TensorRef<T>& y, const Pass& pass) const {
    self_->merge(x, y, pass);
  }
  void backward(Tensors<const T> x, const TensorRef<const T>& y, const TensorRef<T>& dy,
                Tensors<T> dx, const Pass& pass) const {
    begin_gradients(pass);
    self_->backward_merge(x, y, dy, dx, pass);
    update(pass);
  }

  /// inputs: the shape of one sample of each.
  NN_COLD void parameters(std::span<const Shape> inputs, ParameterList<T>& list) {
    const std::size_t first = list.entries().size();
    const bool was_frozen = list.is_frozen();
    list.set_frozen(was_frozen || self_->is_frozen);
    self_->parameters(inputs, list);
    list.set_frozen(was_frozen);
    std::vector<AnyParameter<T>*> own;
    bool trains = false;
    for (std::size_t i = first; i < list.entries().size(); ++i) {
      const auto& entry = list.entries()[i];
      if (entry.role != ParameterRole::state) own.push_back(entry.parameter);
      trains |= entry.role == ParameterRole::trained;
    }
    self_->own_parameters = std::move(own);
    self_->is_trained = trains;
  }
  void parameters(const Shape& input, ParameterList<T>& list) { parameters({&input, 1}, list); }

  void forward(const T* x, const Shape& x_shape, T* y, const Shape& y_shape,
               const Pass& pass) const {
    self_->forward(x, x_shape, y, y_shape, pass);
  }
  /// The same with an affine map, by a layer that promises `applies_affine`.
  void forward(const T* x, const Shape& x_shape, T* y, const Shape& y_shape,
               const kernels::Affine<T>& affine, const Pass& pass) const {
    self_->forward(x, x_shape, y, y_shape, affine, pass);
  }
  /// Whether it promises `is_affine`, and keeps it on such samples.
  [[nodiscard]] bool is_affine_on(const Shape& sample) const { return self_->is_affine_on(sample); }
  /// What such a layer does to each feature.
  void affine(T* scale, T* shift) const { self_->affine(scale, shift); }
  void backward(const T* x, const Shape& x_shape, const T* y, const Shape& y_shape, T* dy, T* dx,
                const Pass& pass) const {
    begin_gradients(pass);
    self_->backward(x, x_shape, y, y_shape, dy, dx, pass);
    update(pass);
  }
  /// The same for a reader of dx, by a layer that promises `gives_dx_in_columns`.
  void backward(const T* x, const Shape& x_shape, const T* y, const Shape& y_shape, T* dy,
                kernels::ColumnReader<T>& dx, const Pass& pass) const {
    self_->backward(x, x_shape, y, y_shape, dy, dx, pass);
    update(pass);
  }
  /// A reader of dy in place of `backward`, to be followed by `update`; or null. By a layer that
  /// promises `takes_dy_in_columns`.
  [[nodiscard]] kernels::ColumnReader<T>* dy_reader(const T* x, const Shape& x_shape, const T* y,
                                                    const Shape& y_shape, const Pass& pass) const {
    begin_gradients(pass);
    return self_->dy_reader(x, x_shape, y, y_shape, pass);
  }
  void update(const Pass& pass) const {
    if (!promises().updates_parameters) update_parameters(pass);
  }
  /// Updates all parameters by the gradients that several uses of the layer have added up, whatever
  /// it promises.
  void update_parameters(const Pass& pass) const {
    if (pass.update == nullptr || self_->is_frozen) return;
    for (const auto* parameter : self_->own_parameters) parameter->update(*pass.update);
  }
  [[nodiscard]] bool updates_state() const { return self_->updates_state(); }
  /// Whether a sequence goes on in the next batch: `update_state` follows passes of inference too,
  /// where the model is told to advance.
  [[nodiscard]] bool is_stateful() const { return self_->is_stateful(); }
  void reset_states() { self_->reset_states(); }
  /// After a training pass over x, whose `forward` and `backward` had the same pass.
  void update_state(const Shape& x_shape, const Pass& pass) { self_->update_state(x_shape, pass); }

  /// The layer itself if it is an L, else nullptr.
  template <class L>
  [[nodiscard]] const L* get_if() const {
    using Held = typename HolderOf<L>::Type;
    const auto* holder = dynamic_cast<const Held*>(self_.get());
    return holder == nullptr ? nullptr : &holder->layer;
  }

 private:
  /// Makes gradients that are to be assigned 0, for a layer that only adds.
  void begin_gradients(const Pass& pass) const {
    if (pass.accumulate || promises().assigns_gradients) return;
    for (const auto* parameter : self_->own_parameters) parameter->zero_gradient();
  }

  /// What a layer without an optional member does, and a model: nothing.
  struct Interface {
    const Promises promises{};
    const int input_rank = 2, output_rank = 2;
    const bool has_workspace = false;
    bool is_trained = false, is_frozen = false;
    // Those with gradients. They point into the layer.
    std::vector<AnyParameter<T>*> own_parameters{};

    virtual ~Interface() = default;
    virtual Interface* clone() const = 0;
    virtual std::string name() const = 0;
    virtual Network<T>* network() { return nullptr; }
    virtual std::span<const AnyLayer> parts() const { return {}; }
    virtual bool makes_mask() const { return false; }
    virtual void make_mask(const T*, const Shape&, bool*) const {}
    virtual bool merges() const { return false; }
    virtual Shape merged_shape(std::span<const Shape> inputs) const { return inputs[0]; }
    virtual void merge(Tensors<const T>, const TensorRef<T>&, const Pass&) const {}
    virtual void backward_merge(Tensors<const T>, const TensorRef<const T>&, const TensorRef<T>&,
                                Tensors<T>, const Pass&) const {}
    virtual Shape output_shape(const Shape& input) const { return input; }
    virtual Index workspace_bytes(std::span<const Shape>, bool) const { return 0; }
    virtual Activation activation() const { return Activation::linear; }
    virtual std::optional<Arguments> arguments() const { return std::nullopt; }
    virtual Index num_layers() const { return 1; }
    virtual void parameters(std::span<const Shape>, ParameterList<T>&) {}
    virtual void forward(const T*, const Shape&, T*, const Shape&, const Pass&) const {}
    virtual void forward(const T*, const Shape&, T*, const Shape&, const kernels::Affine<T>&,
                         const Pass&) const {}
    virtual bool is_affine_on(const Shape&) const { return false; }
    virtual void affine(T*, T*) const {}
    virtual void backward(const T*, const Shape&, const T*, const Shape&, T*, T*,
                          const Pass&) const {}
    virtual void backward(const T*, const Shape&, const T*, const Shape&, T*,
                          kernels::ColumnReader<T>&, const Pass&) const {}
    virtual kernels::ColumnReader<T>* dy_reader(const T*, const Shape&, const T*, const Shape&,
                                                const Pass&) const {
      return nullptr;
    }
    virtual bool updates_state() const { return false; }
    virtual bool is_stateful() const { return false; }
    virtual void reset_states() {}
    virtual void update_state(const Shape&, const Pass&) {}

   protected:
    Interface() = default;
    Interface(const Promises& made, int in, int out, bool workspace, bool parametric)
        : promises(made),
          input_rank(in),
          output_rank(out),
          has_workspace(workspace),
          is_trained(parametric) {}

    /// A copy's parameters are listed anew.
    Interface* as_copy_of(const Interface& other) {
      is_trained = other.is_trained;
      is_frozen = other.is_frozen;
      return this;
    }

    /// A layer may pass its Pass on to layers inside it, and they would obey what it did not
    /// promise. So it gets a Pass without the requests that it did not promise to obey.
    [[nodiscard, gnu::noinline]] Pass promised_part(const Pass& pass) const {
      Pass own = pass;
      own.is_frozen |= is_frozen;
      if (own.is_frozen || !promises.updates_parameters) own.update = nullptr;
      // `begin_gradients` has made them 0. A layer that is used twice inside has to add both times.
      if (!promises.assigns_gradients) own.accumulate = true;
      if (!has_workspace) {
        own.memory = nullptr;
        own.batch_number = -1;
      }
      return own;
    }
  };

  /// A model, whose layers the model around it runs as its own.
  template <class M>
  struct ModelHolder final : Interface {
    explicit ModelHolder(M held) : layer(std::move(held)) {}
    NN_COLD Interface* clone() const override { return new ModelHolder(layer); }
    std::string name() const override { return M::name(); }
    Network<T>* network() override { return &detail::ModelAccess::network(layer); }
    std::span<const AnyLayer> parts() const override {
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
  struct MergingHolder final : Interface {
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

    explicit MergingHolder(L held)
        : Interface(detail::promises_of<L>(), 2, 2, has_memory, ParametricMergingLayer<L>),
          layer(std::move(held)) {}
    NN_COLD Interface* clone() const override {
      return (new MergingHolder(layer))->as_copy_of(*this);
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
    Shape merged_shape(std::span<const Shape> inputs) const override {
      return layer.output_shape(inputs);
    }
    void merge(Tensors<const T> x, const TensorRef<T>& y, const Pass& pass) const override {
      layer.forward(x, y, this->promised_part(pass));
    }
    void backward_merge(Tensors<const T> x, const TensorRef<const T>& y, const TensorRef<T>& dy,
                        Tensors<T> dx, const Pass& pass) const override {
      layer.backward(x, y, dy, dx, this->promised_part(pass));
    }
    L layer;
  };

  template <class L>
  struct Holder final : Interface {
    static constexpr int in = detail::input_rank<L>();
    static constexpr int out = detail::output_rank<L>();
    static constexpr Promises promised = detail::promises_of<L>();
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

    explicit Holder(L held)
        : Interface(promised, in, out, has_memory, ParametricLayer<L>), layer(std::move(held)) {}

    NN_COLD Interface* clone() const override { return (new Holder(layer))->as_copy_of(*this); }
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
        layer.make_mask(detail::layer_view<in>(x, x_shape), mask);
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
      layer.forward(detail::layer_view<in>(x, x_shape), detail::layer_view<out>(y, y_shape),
                    this->promised_part(pass));
    }
    void forward(const T* x, const Shape& x_shape, T* y, const Shape& y_shape,
                 const kernels::Affine<T>& affine, const Pass& pass) const override {
      if constexpr (promised.applies_affine) {
        layer.forward(detail::layer_view<in>(x, x_shape), detail::layer_view<out>(y, y_shape),
                      affine, this->promised_part(pass));
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
      layer.backward(detail::layer_view<in>(x, x_shape), detail::layer_view<out>(y, y_shape),
                     detail::layer_view<out>(dy, y_shape), detail::layer_view<in>(dx, x_shape),
                     this->promised_part(pass));
    }
    void backward(const T* x, const Shape& x_shape, const T* y, const Shape& y_shape, T* dy,
                  kernels::ColumnReader<T>& dx, const Pass& pass) const override {
      if constexpr (promised.gives_dx_in_columns) {
        layer.backward(detail::layer_view<in>(x, x_shape), detail::layer_view<out>(y, y_shape),
                       detail::layer_view<out>(dy, y_shape), dx, pass);
      }
    }
    kernels::ColumnReader<T>* dy_reader(const T* x, const Shape& x_shape, const T* y,
                                        const Shape& y_shape, const Pass& pass) const override {
      if constexpr (promised.takes_dy_in_columns) {
        return layer.dy_reader(detail::layer_view<in>(x, x_shape),
                               detail::layer_view<out>(y, y_shape), this->promised_part(pass));
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

  template <class L>
  struct HolderOf {
    using Type = Holder<L>;
  };
  template <ModelLike M>
  struct HolderOf<M> {
    using Type = ModelHolder<M>;
  };
  template <MergingLayer L>
  struct HolderOf<L> {
    using Type = MergingHolder<L>;
  };

  template <class L>
  static Interface* hold(L layer);

  detail::Erased<Interface> self_;
};

// Not in the class, where it would be inline and compiled in each file of a program. It brings all
// that the layer can do, which nn/compiled.hpp has once.
template <Real T>
template <class L>
typename AnyLayer<T>::Interface* AnyLayer<T>::hold(L layer) {
  return new typename HolderOf<L>::Type(std::move(layer));
}

}  // namespace nn
