// SPDX-License-Identifier: MIT
// Graphs of layers as they are written down: `image | Conv2D{…} | ReLU{}`.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <set>
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
    if constexpr (Layer<L>) require_no_weights(layer);
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
    shapes.push_back(checked_output_shape<T>(layer->layer, inputs));
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
            .expected = "a model with one output",
            .got = values.size(),
            .remedy = "call nn::apply(model, {x}), which returns all"});
  }
  return std::move(values[0]);
}

}  // namespace detail

/// What a layer, or a model with one input and one output, makes of x. Throws `ShapeError` where it
/// can't take x.
template <Real T, class L>
requires(Layer<L> || ModelLike<L>) [[nodiscard]] Value<T> operator|(const Value<T>& x, L layer) {
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

namespace detail {

/// The graph that makes `outputs` of `inputs`: layers in the order in which a walk from the outputs
/// back to the inputs has seen all that they read. Throws `std::invalid_argument` for an output
/// that needs another input, for an input that no output needs, and for a name given twice.
template <Real T>
class GraphWalk {
 public:
  NN_COLD GraphWalk(const std::vector<Value<T>>& inputs, const std::vector<Value<T>>& outputs)
      : num_values_(inputs.size()) {
    demand(!inputs.empty() && !outputs.empty(), where, "at least one input and one output", "none");
    std::vector<std::string> input_names;
    for (const Value<T>& input : inputs) {
      demand(input.node()->layer == nullptr, where, "inputs made by nn::Input",
             "a value that a layer makes");
      demand(!find(input.node().get()), where, "inputs that differ", "one of them twice");
      nodes_.push_back({input.node().get(), input_names.size()});
      input_names.push_back(input.node()->name);
    }
    is_read_.resize(inputs.size(), false);
    std::vector<std::size_t> results;
    for (const Value<T>& output : outputs) {
      visit(output.node().get());
      results.push_back(value_of(output));
    }
    for (std::size_t i = 0; i < is_read_.size(); ++i) {
      demand(is_read_[i], where, "inputs that the outputs follow from",
             {"input ", i, ", which no output needs"});
    }
    require_names(input_names);
    graph_.set_ends(std::move(input_names), std::move(results));
  }

  [[nodiscard]] LayerGraph<T> take() { return std::move(graph_); }

 private:
  static constexpr const char* where = "Model";
  using Node = GraphNode<T>;

  /// A node whose results have got numbers as values.
  struct Numbered {
    const Node* node;
    std::size_t first_value;
  };
  [[nodiscard]] const Numbered* find(const Node* node) const {
    for (const Numbered& each : nodes_) {
      if (each.node == node) return &each;
    }
    return nullptr;
  }
  NN_COLD void require_names(const std::vector<std::string>& inputs) const {
    std::set<std::string> names;
    for (const std::vector<std::string>& list : {inputs, graph_.names()}) {
      for (const std::string& name : list) {
        if (name.empty() || names.insert(name).second) continue;
        refuse({where, "names that differ", {"'", name, "' twice"}});
      }
    }
  }
  [[nodiscard]] std::size_t value_of(const Value<T>& value) {
    const std::size_t number = find(value.node().get())->first_value + value.result();
    if (number < is_read_.size()) is_read_[number] = true;
    return number;
  }

  /// Adds a node behind all that it reads. Without recursion: graphs may be deep.
  NN_COLD void visit(const Node* last) {
    std::vector<const Node*> open{last};
    while (!open.empty()) {
      const Node* const node = open.back();
      if (find(node) != nullptr) {
        open.pop_back();
        continue;
      }
      demand(node->layer != nullptr, where, "outputs that follow from the inputs alone",
             "one that needs another input");
      const std::size_t num_open = open.size();
      for (std::size_t i = node->sources.size(); i-- > 0;) {  // the first one is visited first
        const Node* const source = node->sources[i].node().get();
        if (find(source) == nullptr) open.push_back(source);
      }
      if (open.size() > num_open) continue;
      open.pop_back();
      add(*node);
    }
  }
  NN_COLD void add(const Node& node) {
    std::vector<std::size_t> sources;
    for (const Value<T>& source : node.sources) sources.push_back(value_of(source));
    std::size_t number = 0;
    while (number < layers_.size() && layers_[number] != node.layer.get()) ++number;
    if (number < layers_.size()) {
      graph_.use(number, std::move(sources));
    } else {
      graph_.add(node.layer->layer, std::move(sources), node.layer->name);
      layers_.push_back(node.layer.get());
    }
    nodes_.push_back({&node, num_values_});
    num_values_ += node.shapes.size();
  }

  LayerGraph<T> graph_{"Model"};
  std::vector<Numbered> nodes_;
  std::vector<const GraphLayer<T>*> layers_;
  std::vector<bool> is_read_;  // each input
  std::size_t num_values_ = 0;
};

template <Real T>
[[nodiscard]] NN_COLD LayerGraph<T> graph_of(const std::vector<Value<T>>& inputs,
                                             const std::vector<Value<T>>& outputs) {
  return GraphWalk<T>(inputs, outputs).take();
}

}  // namespace detail
}  // namespace nn
