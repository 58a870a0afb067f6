// SPDX-License-Identifier: MIT
// The layers of a model, and what each one reads.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/text.hpp"
#include "nn/model/plan_steps.hpp"

namespace nn {

/// Layers in the order in which they run. Some may be models, which are run layer by layer: all
/// layers counted one by one, those of nested models among them, are leaves.
template <Real T>
class LayerGraph {
 public:
  LayerGraph() = default;
  /// `name`: of the kind of model, for messages; a string literal.
  explicit LayerGraph(const char* name) : name_(name) {}

  /// Appends a layer that reads these values: 0 is the input, i + 1 is what layer i makes. What the
  /// last layer makes is the result.
  NN_COLD void add(AnyLayer<T> layer, std::vector<std::size_t> sources) {
    sources_.push_back(std::move(sources));
    try {
      layers_.push_back(std::move(layer));
    } catch (...) {
      sources_.pop_back();
      throw;
    }
  }
  [[nodiscard]] std::vector<AnyLayer<T>>& layers() { return layers_; }
  [[nodiscard]] const std::vector<AnyLayer<T>>& layers() const { return layers_; }

  /// Layers that draw random numbers of their own, or could.
  [[nodiscard]] Index num_layers() const {
    Index count = 0;
    for (const AnyLayer<T>& layer : layers_) {
      const Network<T>* const inner = layer.network();
      count += inner == nullptr ? layer.num_layers() : inner->graph().num_layers();
    }
    return count;
  }

  /// What all layers read, those of nested models one by one, for samples of this shape.
  [[nodiscard]] NN_COLD detail::Wiring wire(const Shape& sample) const {
    detail::Wiring wiring;
    wiring.shapes.push_back(sample);
    wiring.output = append_wiring(wiring, 0);
    return wiring;
  }
  /// Adds the layers of this network, whose input is value `input`; returns its result.
  NN_COLD std::size_t append_wiring(detail::Wiring& wiring, std::size_t input) const {
    std::vector<std::size_t> values{input};
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      std::vector<std::size_t> sources;
      std::vector<Shape> shapes;
      for (const std::size_t source : sources_[i]) {
        sources.push_back(values[source]);
        shapes.push_back(wiring.shapes[values[source]]);
      }
      try {
        if (const Network<T>* const inner = layers_[i].network()) {
          values.push_back(inner->graph().append_wiring(wiring, sources[0]));
          continue;
        }
        const Shape shape = detail::checked_output_shape<T>(layers_[i], shapes);
        wiring.shapes.push_back(shape);
      } catch (const ShapeError& error) {
        throw ShapeError{concat({name_, ", layer ", i, ": ", error.what()})};
      }
      wiring.sources.push_back(std::move(sources));
      values.push_back(wiring.sources.size());
    }
    return values.back();
  }

  NN_COLD void append_leaves(detail::Layers<T>& leaves) {
    for (AnyLayer<T>& layer : layers_) append_leaves(layer, leaves);
  }
  NN_COLD static void append_leaves(AnyLayer<T>& layer, detail::Layers<T>& leaves) {
    if (Network<T>* const inner = layer.network()) return inner->graph().append_leaves(leaves);
    leaves.push_back(&layer);
  }
  /// Freezes layer i, of a nested model all layers, or makes it trained again. To be followed by
  /// `Network::rearrange`.
  NN_COLD void set_frozen(std::size_t i, bool frozen) {
    layers_[i].set_frozen(frozen);
    if (Network<T>* const inner = layers_[i].network()) {
      for (std::size_t j = 0; j < inner->layers().size(); ++j) inner->graph().set_frozen(j, frozen);
    }
  }
  [[nodiscard]] NN_COLD bool is_frozen(std::size_t i) const {
    const Network<T>* const inner = layers_[i].network();
    if (inner == nullptr) return layers_[i].is_frozen();
    bool all = true;
    for (std::size_t j = 0; j < inner->layers().size(); ++j) all &= inner->graph().is_frozen(j);
    return all;
  }
  /// What stands before the names of layer i's parameters.
  [[nodiscard]] NN_COLD std::string scope_of(std::size_t i) const {
    return concat({i, ".", lower_case(layers_[i].name()), "."});
  }
  /// The same for layer `leaf` of those in nested models and between them, counted one by one.
  [[nodiscard]] NN_COLD std::string scope_of_leaf(std::size_t leaf) const {
    std::string scope;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const Network<T>* const inner = layers_[i].network();
      const std::size_t count = inner == nullptr ? 1 : inner->graph().count_leaves();
      if (leaf < count) {
        scope = scope_of(i);
        if (inner != nullptr) scope += inner->graph().scope_of_leaf(leaf);
        break;
      }
      leaf -= count;
    }
    return scope;
  }

 private:
  [[nodiscard]] NN_COLD std::size_t count_leaves() const {
    std::size_t count = 0;
    for (const AnyLayer<T>& layer : layers_) {
      const Network<T>* const inner = layer.network();
      count += inner == nullptr ? 1 : inner->graph().count_leaves();
    }
    return count;
  }

  const char* name_ = "Sequential";
  std::vector<AnyLayer<T>> layers_;
  std::vector<std::vector<std::size_t>> sources_;  // the values that each layer reads, see `add`
};

}  // namespace nn
