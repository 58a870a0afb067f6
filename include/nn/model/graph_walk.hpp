// SPDX-License-Identifier: MIT
// From the values that a graph is written with to the graph of layers that a model holds.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nn/model/layer_graph.hpp"
#include "nn/model/value.hpp"

namespace nn::detail {

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

}  // namespace nn::detail
