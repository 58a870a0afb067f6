// SPDX-License-Identifier: MIT
// The layers of a model, and what each one reads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/text.hpp"
#include "nn/model/plan_steps.hpp"

namespace nn {

/// What one model may have: files may name models inside of models, each used many times.
inline constexpr std::size_t max_uses = 100000;  // of layers, those of nested models counted again
inline constexpr std::size_t max_ends = 1000;    // inputs, and outputs

/// The layers of a model and their uses, in the order in which they run. A layer that is used
/// several times has one set of parameters. Some may be models, which are run layer by layer: all
/// uses of layers counted one by one, those of nested models among them, are leaves.
template <Real T>
class LayerGraph {
 public:
  /// A use of a layer: the values that it reads. The first values are the model's inputs; behind
  /// them comes what each use makes, of a nested model all results.
  struct Use {
    std::size_t layer = 0;
    std::vector<std::size_t> sources{};
  };

  LayerGraph() = default;
  /// `name`: of the kind of model, for messages; a string literal.
  explicit LayerGraph(const char* name) : name_(name) {}

  /// Appends a layer that reads these values. `name`: in tables; empty: one is made of its type.
  /// Throws `std::invalid_argument` where uses are more than `max_uses`.
  NN_COLD void add(AnyLayer<T> layer, std::vector<std::size_t> sources, std::string name = "") {
    const Cost cost = cost_of(layer);
    uses_.push_back({layers_.size(), std::move(sources)});
    try {
      names_.push_back(std::move(name));
      layers_.push_back(std::move(layer));
    } catch (...) {
      uses_.pop_back();
      if (names_.size() > layers_.size()) names_.pop_back();
      throw;
    }
    count(cost);
  }
  /// Appends a layer that reads what the last one makes. Throws `std::invalid_argument` for a layer
  /// with several results.
  NN_COLD void add_to_chain(AnyLayer<T> layer) {
    const std::size_t count = num_results(layer);
    if (count != 1) {
      refuse({name_,
              "layers with one result each",
              {layer.name(), " with ", count},
              "",
              "make an nn::Model of nn::apply(layer, {x}), which returns all"});
    }
    add(std::move(layer), {layers_.size()});
  }
  /// Appends another use of layer i.
  NN_COLD void use(std::size_t i, std::vector<std::size_t> sources) {
    const Cost cost = cost_of(layers_[i]);
    uses_.push_back({i, std::move(sources)});
    count(cost);
  }
  /// By default there is one input, and the last value is the only result. Throws
  /// `std::invalid_argument` for more than `max_ends` of them.
  NN_COLD void set_ends(std::vector<std::string> inputs, std::vector<std::size_t> outputs) {
    const std::size_t most = std::max(inputs.size(), outputs.size());
    demand(most <= max_ends, name_, "at most 1000 inputs and outputs", most);
    input_names_ = std::move(inputs);
    outputs_ = std::move(outputs);
  }

  /// So many axes of the samples count as axes of the batch.
  void set_outer_axes(Index count) { outer_axes_ = count; }

  [[nodiscard]] const char* name() const { return name_; }
  [[nodiscard]] std::vector<AnyLayer<T>>& layers() { return layers_; }
  [[nodiscard]] const std::vector<AnyLayer<T>>& layers() const { return layers_; }
  [[nodiscard]] const std::vector<Use>& uses() const { return uses_; }
  /// As given, empty for those without.
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] NN_COLD std::vector<std::string> input_names() const {
    return input_names_.empty() ? std::vector<std::string>{""} : input_names_;
  }
  [[nodiscard]] std::size_t num_inputs() const {
    return input_names_.empty() ? 1 : input_names_.size();
  }
  /// The values that are the model's results.
  [[nodiscard]] NN_COLD std::vector<std::size_t> outputs() const {
    return outputs_.empty() ? std::vector{num_values() - 1} : outputs_;
  }
  [[nodiscard]] std::size_t num_outputs() const { return outputs_.empty() ? 1 : outputs_.size(); }
  /// How many values a layer makes in one use.
  [[nodiscard]] static std::size_t num_results(const AnyLayer<T>& layer) {
    const Network<T>* const inner = layer.network();
    if (inner == nullptr) return static_cast<std::size_t>(layer.num_results());
    return inner->graph().num_outputs();
  }
  [[nodiscard]] std::size_t num_values() const { return num_inputs() + num_made_; }
  /// Whether each layer reads what the one before makes, and nothing else.
  [[nodiscard]] NN_COLD bool is_chain() const {
    for (std::size_t i = 0; i < uses_.size(); ++i) {
      const bool follows = uses_[i].sources.size() == 1 && uses_[i].sources[0] == i;
      if (uses_[i].layer != i || !follows || num_results(layers_[i]) != 1) return false;
    }
    return num_inputs() == 1 && num_outputs() == 1 && outputs()[0] == uses_.size();
  }

  /// Layers that draw random numbers of their own, or could.
  [[nodiscard]] Index num_layers() const {
    Index count = 0;
    for (const AnyLayer<T>& layer : layers_) {
      const Network<T>* const inner = layer.network();
      count += inner == nullptr ? layer.num_layers() : inner->graph().num_layers();
    }
    return count;
  }

  /// What all leaves read, for samples of these shapes.
  [[nodiscard]] NN_COLD detail::Wiring wire(std::span<const Shape> samples) const {
    detail::Wiring wiring;
    wiring.num_inputs = samples.size();
    wiring.shapes.assign(samples.begin(), samples.end());
    std::vector<std::size_t> inputs;
    for (std::size_t v = 0; v < samples.size(); ++v) inputs.push_back(v);
    wiring.values = append_wiring(wiring, inputs, 0);
    for (const std::size_t output : outputs()) wiring.outputs.push_back(wiring.values[output]);
    return wiring;
  }
  /// Adds the leaves of this graph, which has these values as inputs, and lies in models with so
  /// many outer axes; returns all its values.
  NN_COLD std::vector<std::size_t> append_wiring(detail::Wiring& wiring,
                                                 const std::vector<std::size_t>& inputs,
                                                 Index outer_axes) const {
    if (inputs.size() != num_inputs()) {
      refuse<ShapeError>(
          {name_, {num_inputs(), num_inputs() == 1 ? " input" : " inputs"}, inputs.size()});
    }
    outer_axes += outer_axes_;
    const Shape& first = wiring.shapes[inputs[0]];
    if (first.rank() <= outer_axes && outer_axes_ > 0) {
      refuse<ShapeError>({name_, "samples [steps, ...]", first.to_string()});
    }
    const Shape outer(first.begin(), first.begin() + outer_axes);
    wiring.shares_layers |= uses_.size() > layers_.size();
    std::vector<std::size_t> values = inputs;
    for (const Use& use : uses_) {
      std::vector<std::size_t> sources;
      std::vector<Shape> shapes;
      for (const std::size_t source : use.sources) {
        sources.push_back(values[source]);
        shapes.push_back(detail::inner_shape(wiring.shapes[values[source]], outer_axes));
      }
      const AnyLayer<T>& layer = layers_[use.layer];
      try {
        if (const Network<T>* const inner = layer.network()) {
          const std::vector<std::size_t> made =
              inner->graph().append_wiring(wiring, sources, outer_axes);
          for (const std::size_t output : inner->graph().outputs()) values.push_back(made[output]);
          continue;
        }
        for (const Shape& result : detail::checked_output_shapes<T>(layer, shapes)) {
          Shape made = outer;
          for (const Index size : result) made.push_back(size);
          values.push_back(wiring.shapes.size());
          wiring.shapes.push_back(made);
        }
      } catch (const ShapeError& error) {
        throw ShapeError{concat({name_, ", layer ", use.layer, ": ", error.what()})};
      }
      wiring.sources.push_back(std::move(sources));
      wiring.outer_axes.push_back(outer_axes);
    }
    return values;
  }

  NN_COLD void append_leaves(detail::Layers<T>& leaves) {
    for (const Use& use : uses_) {
      AnyLayer<T>& layer = layers_[use.layer];
      if (Network<T>* const inner = layer.network()) {
        inner->graph().append_leaves(leaves);
      } else {
        leaves.push_back(&layer);
      }
    }
  }
  /// How many leaves one use of a layer makes.
  [[nodiscard]] NN_COLD static std::size_t count_leaves(const AnyLayer<T>& layer) {
    const Network<T>* const inner = layer.network();
    if (inner == nullptr) return 1;
    std::size_t count = 0;
    for (const Use& use : inner->graph().uses()) {
      count += count_leaves(inner->layers()[use.layer]);
    }
    return count;
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
  /// The same for a leaf.
  [[nodiscard]] NN_COLD std::string scope_of_leaf(std::size_t leaf) const {
    for (const Use& use : uses_) {
      const std::size_t count = count_leaves(layers_[use.layer]);
      if (leaf < count) {
        const Network<T>* const inner = layers_[use.layer].network();
        return scope_of(use.layer) + (inner == nullptr ? "" : inner->graph().scope_of_leaf(leaf));
      }
      leaf -= count;
    }
    return "";
  }

 private:
  /// What a use of a layer adds to the counts below.
  struct Cost {
    std::size_t uses = 0, made = 0;
  };
  [[nodiscard]] NN_COLD Cost cost_of(const AnyLayer<T>& layer) const {
    const Network<T>* const inner = layer.network();
    const std::size_t made = num_results(layer);
    const Cost cost{(inner == nullptr ? 0 : inner->graph().num_uses_) + made, made};
    demand(num_uses_ + cost.uses <= max_uses, name_, "at most 100000 uses of layers", "more");
    return cost;
  }
  void count(const Cost& cost) {
    num_uses_ += cost.uses;
    num_made_ += cost.made;
  }

  const char* name_ = "Sequential";
  std::vector<AnyLayer<T>> layers_;  // in the order of their first uses
  std::vector<std::string> names_;   // of each layer
  std::vector<Use> uses_;
  std::vector<std::string> input_names_;  // empty: one input without a name
  std::vector<std::size_t> outputs_;      // empty: the last value
  Index outer_axes_ = 0;
  std::size_t num_uses_ = 0;  // those of nested models, and their results, among them
  std::size_t num_made_ = 0;  // values that uses make
};

}  // namespace nn
