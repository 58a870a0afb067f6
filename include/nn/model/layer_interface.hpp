// SPDX-License-Identifier: MIT
// What a container asks of a layer whose type it does not know.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nn/kernels/elementwise/affine.hpp"
#include "nn/kernels/product/column_reader.hpp"
#include "nn/layer/layer.hpp"
#include "nn/layer/multi_tensor_layer.hpp"

namespace nn {

template <Real T>
class AnyLayer;  // model/any_layer.hpp
template <Real T>
class Network;  // model/network.hpp

namespace detail {

/// What a layer without an optional member does, and a model: nothing.
template <Real T>
struct LayerInterface {
  const Promises promises{};
  const int input_rank = 2, output_rank = 2;
  const bool has_workspace = false;
  bool is_trained = false, is_frozen = false;
  // Those with gradients. They point into the layer.
  std::vector<AnyParameter<T>*> own_parameters{};

  virtual ~LayerInterface() = default;
  virtual LayerInterface* clone() const = 0;
  virtual std::string name() const = 0;
  virtual Network<T>* network() { return nullptr; }
  virtual std::span<const AnyLayer<T>> parts() const { return {}; }
  virtual bool makes_mask() const { return false; }
  virtual void make_mask(const T*, const Shape&, bool*) const {}
  virtual bool merges() const { return false; }
  virtual Index num_results() const { return 1; }
  virtual Shape merged_shape(std::span<const Shape> inputs, Index) const { return inputs[0]; }
  virtual void merge(Tensors<const T>, Tensors<T>, const Pass&) const {}
  virtual void backward_merge(Tensors<const T>, Tensors<const T>, Tensors<T>, Tensors<T>,
                              const Pass&) const {}
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
  virtual void backward(const T*, const Shape&, const T*, const Shape&, T*, T*, const Pass&) const {
  }
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
  LayerInterface() = default;
  LayerInterface(const Promises& made, int in, int out, bool workspace, bool parametric)
      : promises(made),
        input_rank(in),
        output_rank(out),
        has_workspace(workspace),
        is_trained(parametric) {}

  /// A copy's parameters are listed anew.
  LayerInterface* as_copy_of(const LayerInterface& other) {
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

}  // namespace detail
}  // namespace nn
