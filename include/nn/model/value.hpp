// SPDX-License-Identifier: MIT
// Graphs of layers as they are written down: `image | Conv2D{…} | ReLU{}`.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nn/model/network.hpp"

namespace nn {

template <Real T>
class Value;

namespace detail {

/// A layer, or a model, that one or more nodes of a graph use, and its name in tables.
template <Real T>
struct GraphLayer {
  AnyLayer<T> layer;
  std::string name{};
};

/// A use of a layer on values; an input of the graph has none.
template <Real T>
struct GraphNode {
  std::shared_ptr<GraphLayer<T>> layer{};
  std::vector<Value<T>> sources{};
  std::vector<Shape> shapes{};  // of each result, for one sample
  std::string name{};           // of an input
};

/// Throws `std::invalid_argument` for a layer that was copied out of a built model.
template <class L>
NN_COLD void require_no_weights(L layer) {
  if constexpr (ParametricLayer<L> || ParametricMergingLayer<L>) {
    Shape smallest;  // any sample will do to have the parameters named
    constexpr int rank = input_rank<L>() == any_rank ? Shape::max_rank : input_rank<L>();
    for (int axis = 1; axis < rank; ++axis) smallest.push_back(1);
    ParameterList<typename L::Scalar> list;
    if constexpr (ParametricLayer<L>) {
      layer.parameters(smallest, list);
    } else {
      layer.parameters(std::vector<Shape>(max_merged, smallest), list);
    }
    for (const auto& entry : list.entries()) {
      if (!entry.parameter->is_brought()) continue;
      refuse({layer.name(), "a new layer, or one of the model's own scalar type",
              "one with weights of another type", "", "load or train the model in that type"});
    }
  }
}

/// A layer behind the container's interface. One over another scalar type than T is made anew over
/// T. Throws `std::invalid_argument` where that would lose weights.
template <Real T, class L>
[[nodiscard]] NN_COLD AnyLayer<T> any_layer_of(L layer) {
  if constexpr (std::same_as<typename L::Scalar, T>) {
    return AnyLayer<T>(std::move(layer));
  } else {
    static_assert(!ModelLike<L>, "nn: a part of a model has the scalar type of the whole");
    constexpr bool is_described = requires(const Arguments& arguments) {
      { layer.arguments() } -> std::same_as<Arguments>;
      { L::from_arguments(arguments) } -> std::same_as<L>;
    };
    static_assert(
        is_described,
        "a layer over another scalar type than the model's needs arguments() and from_arguments()");
    if constexpr (!ModelLike<L>) require_no_weights(layer);
    using Own = typename WithScalar<L, T>::Type;
    return AnyLayer<T>(Own::from_arguments(layer.arguments()));
  }
}

}  // namespace detail

/// What an input or a layer of a graph gives: a name for a tensor [N, ...] that is there once the
/// model runs (Keras: KerasTensor). Copies name the same tensor.
template <Real T = float>
class Value {
 public:
  using Scalar = T;

  /// Of one sample.
  [[nodiscard]] const Shape& shape() const { return node_->shapes[result_]; }
  /// Names the layer that gives this value in tables and scores, or an input. Returns the value.
  NN_COLD Value named(const std::string& name) const {
    (node_->layer == nullptr ? node_->name : node_->layer->name) = name;
    return *this;
  }

  // For the library's own use: what gives the value, and which of its results it is.
  [[nodiscard]] const std::shared_ptr<detail::GraphNode<T>>& node() const { return node_; }
  [[nodiscard]] std::size_t result() const { return result_; }
  Value(std::shared_ptr<detail::GraphNode<T>> node, std::size_t result)
      : node_(std::move(node)), result_(result) {}

 private:
  std::shared_ptr<detail::GraphNode<T>> node_;
  std::size_t result_ = 0;
};

/// Samples that a model gets, of this shape without the batch axis (Keras: Input):
/// `const nn::Input image{{28, 28, 1}};`
template <Real T = float>
class Input : public Value<T> {
 public:
  NN_COLD explicit Input(const Shape& sample, std::string name = "")
      : Value<T>(std::make_shared<detail::GraphNode<T>>(
                     detail::GraphNode<T>{.shapes = {sample}, .name = std::move(name)}),
                 0) {}
};

/// A layer or model that several places of a graph use, with one set of parameters, trained by the
/// sum of its gradients: `const nn::SharedLayer encoder{nn::Dense{8}};`, then `a | encoder` and
/// `b | encoder`.
template <Real T = float>
class SharedLayer {
 public:
  using Scalar = T;
  template <class L>
  requires(!std::same_as<L, SharedLayer>) && std::constructible_from<AnyLayer<T>, L> NN_COLD
      explicit SharedLayer(L layer)
      : layer_(std::make_shared<detail::GraphLayer<T>>(
            detail::GraphLayer<T>{AnyLayer<T>(std::move(layer))})) {}

  [[nodiscard]] const std::shared_ptr<detail::GraphLayer<T>>& layer() const { return layer_; }

 private:
  std::shared_ptr<detail::GraphLayer<T>> layer_;
};
template <class L>
SharedLayer(L) -> SharedLayer<typename L::Scalar>;

/// One value, or a list of several.
template <Real T = float>
class Values {
 public:
  Values(const Value<T>& value)  // NOLINT(google-explicit-constructor): a value is a list of one
      : list_{value} {}
  Values(std::initializer_list<Value<T>> list) : list_(list) {}
  Values(std::vector<Value<T>> list)  // NOLINT(google-explicit-constructor): it is a list
      : list_(std::move(list)) {}

  [[nodiscard]] const std::vector<Value<T>>& list() const { return list_; }

 private:
  std::vector<Value<T>> list_;
};

namespace detail {

template <Real T>
[[nodiscard]] NN_COLD std::vector<Shape> shapes_of(const std::vector<Value<T>>& values) {
  std::vector<Shape> shapes;
  for (const Value<T>& value : values) shapes.push_back(value.shape());
  return shapes;
}

/// What a layer makes of values. Throws `ShapeError` where it can't take them.
template <Real T>
[[nodiscard]] NN_COLD std::vector<Value<T>> use_layer(std::shared_ptr<GraphLayer<T>> layer,
                                                      std::vector<Value<T>> sources) {
  const std::vector<Shape> inputs = shapes_of(sources);
  const Network<T>* const inner = layer->layer.network();
  std::vector<Shape> shapes;
  if (inner == nullptr) {
    shapes = checked_output_shapes<T>(layer->layer, inputs);
  } else {
    shapes = inner->output_shapes(inputs);
  }
  const std::size_t count = shapes.size();
  const auto node = std::make_shared<GraphNode<T>>(GraphNode<T>{
      .layer = std::move(layer), .sources = std::move(sources), .shapes = std::move(shapes)});
  std::vector<Value<T>> made;
  for (std::size_t i = 0; i < count; ++i) made.push_back({node, i});
  return made;
}

template <Real T>
[[nodiscard]] NN_COLD Value<T> only_one(std::vector<Value<T>> values) {
  if (values.size() != 1) {
    refuse({.where = "nn::operator|",
            .expected = "a layer or model with one result",
            .got = values.size(),
            .remedy = "call nn::apply(layer, {x}), which returns all"});
  }
  return std::move(values[0]);
}

}  // namespace detail

/// What a layer, or a model with one input and one output, makes of x. Throws `ShapeError` where it
/// can't take x, and `std::invalid_argument` where it makes several results.
template <Real T, class L>
requires(Layer<L> || ModelLike<L> || MergingLayer<L>) [[nodiscard]] Value<T> operator|(
    const Value<T>& x, L layer) {
  auto own = std::make_shared<detail::GraphLayer<T>>(
      detail::GraphLayer<T>{detail::any_layer_of<T>(std::move(layer))});
  return detail::only_one<T>(detail::use_layer<T>(std::move(own), {x}));
}
template <Real T>
[[nodiscard]] NN_COLD Value<T> operator|(const Value<T>& x, const SharedLayer<T>& layer) {
  return detail::only_one<T>(detail::use_layer<T>(layer.layer(), {x}));
}

/// All that a layer or a model makes of these values, one for each of its inputs.
template <Real T, class L>
requires(Layer<L> || ModelLike<L> || MergingLayer<L>)
    [[nodiscard]] std::vector<Value<T>> apply(L layer, std::vector<Value<T>> inputs) {
  auto own = std::make_shared<detail::GraphLayer<T>>(
      detail::GraphLayer<T>{detail::any_layer_of<T>(std::move(layer))});
  return detail::use_layer<T>(std::move(own), std::move(inputs));
}
template <Real T, class L>
requires(Layer<L> || ModelLike<L> || MergingLayer<L>)
    [[nodiscard]] std::vector<Value<T>> apply(L layer, std::initializer_list<Value<T>> inputs) {
  return apply<T>(std::move(layer), std::vector<Value<T>>(inputs));
}
template <Real T>
[[nodiscard]] NN_COLD std::vector<Value<T>> apply(const SharedLayer<T>& layer,
                                                  std::vector<Value<T>> inputs) {
  return detail::use_layer<T>(layer.layer(), std::move(inputs));
}
template <Real T>
[[nodiscard]] NN_COLD std::vector<Value<T>> apply(const SharedLayer<T>& layer,
                                                  std::initializer_list<Value<T>> inputs) {
  return apply<T>(layer, std::vector<Value<T>>(inputs));
}

}  // namespace nn
