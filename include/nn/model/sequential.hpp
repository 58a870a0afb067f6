// SPDX-License-Identifier: MIT
// A model that is a chain of layers.
#pragma once

#include <concepts>
#include <string>
#include <utility>

#include "nn/model/model.hpp"

namespace nn {

/// Layers one after the other (Keras: Sequential): the model that is a chain.
template <Real T = float>
class Sequential : public Model<T> {
 public:
  Sequential() = default;

  /// A model of the given layers. The first one's scalar type is the model's.
  template <class First, class... Rest>
  requires(sizeof...(Rest) > 0 || !std::same_as<First, Sequential>) &&
      (Layer<First> || ModelLike<First> ||
       MergingLayer<First>)explicit Sequential(First first,
                                               Rest... rest) {  // `add` says what the rest lacks
    add(std::move(first));
    (add(std::move(rest)), ...);
  }

  /// Appends a layer. One copied out of a built model brings its weights along. One over another
  /// scalar type is made anew over T if it names its arguments. Throws `std::invalid_argument`
  /// where that would lose weights, and once the model is built.
  template <Layer L>
  void add(L layer);
  /// The same for one that takes a single input too.
  template <MergingLayer L>
  void add(L layer);
  /// Appends all layers of another model, as a part that has a name of its own.
  template <ModelLike M>
  void add(M model);

  /// See `Model::load`. Throws `IoError` for a model that is not a chain.
  template <class... Own>
  [[nodiscard]] static Sequential load(const std::string& path);

  [[nodiscard]] static std::string name() { return "Sequential"; }
};

template <class First, class... Rest>
requires(Layer<First> || ModelLike<First> || MergingLayer<First>) Sequential(First, Rest...)
->Sequential<typename First::Scalar>;

template <Real T>
template <Layer L>
NN_COLD void Sequential<T>::add(L layer) {
  this->network_.add(detail::any_layer_of<T>(std::move(layer)));
}

template <Real T>
template <MergingLayer L>
NN_COLD void Sequential<T>::add(L layer) {
  this->network_.add(detail::any_layer_of<T>(std::move(layer)));
}

template <Real T>
template <ModelLike M>
NN_COLD void Sequential<T>::add(M model) {
  this->network_.add(detail::any_layer_of<T>(std::move(model)));
}

}  // namespace nn
