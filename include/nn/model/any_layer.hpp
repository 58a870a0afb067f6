// SPDX-License-Identifier: MIT
// Any layer behind one interface: where the container erases the type.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/erased.hpp"
#include "nn/model/layer_holder.hpp"
#include "nn/model/layer_interface.hpp"

namespace nn {

/// A value that holds a layer of any type; one indirect call per use. Shapes carry the batch axis
/// where they go with data. It may also hold a layer with several inputs or results, which has
/// functions of its own, or a model, which is run layer by layer: then `network` has the layers,
/// and nothing but `name` and `get_if` may be called.
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
      : self_(new detail::ModelHolder<M>(std::move(model))) {}
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
  /// Whether it may have several inputs or results: then these four functions take the place of
  /// those with one.
  [[nodiscard]] bool merges() const { return self_->merges(); }
  [[nodiscard]] Index num_results() const { return self_->num_results(); }
  [[nodiscard]] Shape merged_shape(std::span<const Shape> inputs, Index result = 0) const {
    return self_->merged_shape(inputs, result);
  }
  void merge(Tensors<const T> x, Tensors<T> y, const Pass& pass) const { self_->merge(x, y, pass); }
  void backward(Tensors<const T> x, Tensors<const T> y, Tensors<T> dy, Tensors<T> dx,
                const Pass& pass) const {
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
    using Held = typename detail::HolderOf<L>::Type;
    const auto* holder = dynamic_cast<const Held*>(self_.get());
    return holder == nullptr ? nullptr : &holder->layer;
  }

 private:
  /// Makes gradients that are to be assigned 0, for a layer that only adds.
  void begin_gradients(const Pass& pass) const {
    if (pass.accumulate || promises().assigns_gradients) return;
    for (const auto* parameter : self_->own_parameters) parameter->zero_gradient();
  }

  template <class L>
  static detail::LayerInterface<T>* hold(L layer);

  detail::Erased<detail::LayerInterface<T>> self_;
};

// Not in the class, where it would be inline and compiled in each file of a program. It brings all
// that the layer can do, which nn/compiled.hpp has once.
template <Real T>
template <class L>
detail::LayerInterface<T>* AnyLayer<T>::hold(L layer) {
  return new typename detail::HolderOf<L>::Type(std::move(layer));
}

}  // namespace nn
