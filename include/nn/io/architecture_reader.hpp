// SPDX-License-Identifier: MIT
// The layers of a model from JSON.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/io/file_node.hpp"
#include "nn/io/json_reader.hpp"
#include "nn/io/json_text.hpp"
#include "nn/io/layer_table.hpp"
#include "nn/model/model.hpp"
#include "nn/model/model_access.hpp"
#include "nn/model/residual.hpp"
#include "nn/model/sequential.hpp"

namespace nn::io {

/// The reverse of `ArchitectureWriter`, for the layers of a table. Throws `IoError`, or
/// `std::invalid_argument` from a layer's constructor.
template <Real T>
class ArchitectureReader {
 public:
  ArchitectureReader(JsonReader& reader, const LayerTable<T>& types)
      : reader_(reader), types_(types) {}

  /// The whole model, with the shapes of its inputs known but not built.
  [[nodiscard]] NN_COLD LayerGraph<T> read_model(std::vector<Shape>& input_shapes) {
    FileNode node;
    node.read(reader_, true);
    input_shapes = node.input_shapes;
    if (node.class_name == "Sequential" && node.keys == whole_chain_keys) return chain_of(node);
    if (node.class_name != "Model" || node.keys != graph_keys) {
      reader_.fail("a Sequential with input_shape and layers, or a Model with nodes",
                   "something else", node.start);
    }
    return graph_of(node);
  }

 private:
  // What the objects have.
  static constexpr FileKeys whole_chain_keys{FileKey::class_name, FileKey::input_shape,
                                             FileKey::layers};
  static constexpr FileKeys chain_keys{FileKey::class_name, FileKey::layers};
  static constexpr FileKeys graph_keys{FileKey::class_name, FileKey::input_shapes,
                                       FileKey::input_names, FileKey::nodes, FileKey::outputs};
  static constexpr FileKeys layer_keys{FileKey::class_name, FileKey::config};
  static constexpr FileKeys wrapper_keys{FileKey::class_name, FileKey::config, FileKey::layers};
  static constexpr FileKeys use_keys{FileKey::layer, FileKey::inputs};

  /// `has_parts`: the layers are those of a `WrappingModel`, which knows what each of them reads.
  [[nodiscard]] NN_COLD LayerGraph<T> chain_of(FileNode& node, bool has_parts = false) {
    LayerGraph<T> graph;
    for (FileNode& each : node.nodes) {
      if (each.has(FileKey::inputs) || each.has(FileKey::layer) || each.has(FileKey::name)) {
        reader_.fail("layers of a chain", "a node of a graph", each.start);
      }
      const std::size_t last = graph.layers().size();
      if (has_parts) {
        graph.add(layer_of(each), {0});
      } else {
        graph.add_to_chain(layer_of(each));
      }
      if (!each.is_trainable) graph.set_frozen(last, true);
    }
    return graph;
  }

  [[nodiscard]] NN_COLD LayerGraph<T> graph_of(FileNode& node) {
    if (node.input_names.size() != node.input_shapes.size() || node.input_names.empty() ||
        node.outputs.empty()) {
      reader_.fail("shapes and names of one input or more, and outputs", "other lists", node.start);
    }
    LayerGraph<T> graph("Model");
    graph.set_ends(node.input_names, {});
    for (FileNode& each : node.nodes) {
      std::vector<std::size_t> sources = values_of(each, each.inputs, graph.num_values());
      const std::size_t num_layers = graph.layers().size();
      if (!each.has(FileKey::layer)) {
        graph.add(layer_of(each), std::move(sources), each.name);
        if (!each.is_trainable) graph.set_frozen(num_layers, true);
      } else if (each.keys == use_keys && each.layer >= 0 &&
                 each.layer < static_cast<Index>(num_layers)) {
        graph.use(static_cast<std::size_t>(each.layer), std::move(sources));
      } else {
        reader_.fail("the number of a layer from before, and inputs", "something else", each.start);
      }
    }
    graph.set_ends(std::move(node.input_names), values_of(node, node.outputs, graph.num_values()));
    return graph;
  }
  [[nodiscard]] std::vector<std::size_t> values_of(const FileNode& node,
                                                   const std::vector<Index>& numbers,
                                                   std::size_t num_values) {
    std::vector<std::size_t> values;
    for (const Index number : numbers) {
      if (number < 0 || number >= static_cast<Index>(num_values)) {
        reader_.fail({"values from 0 to ", num_values - 1}, concat({number}), node.start);
      }
      values.push_back(static_cast<std::size_t>(number));
    }
    if (values.empty()) reader_.fail("one value or more", "none", node.start);
    return values;
  }

  [[nodiscard]] NN_COLD AnyLayer<T> layer_of(FileNode& node) {
    const std::string& name = node.class_name;
    node.keys.erase(FileKey::inputs);
    node.keys.erase(FileKey::name);
    if (name == "Model" && node.keys == graph_keys) {
      Network<T> network(graph_of(node));
      network.infer_shapes(node.input_shapes);
      return AnyLayer<T>(model_of<Model<T>>(std::move(network)));
    }
    const bool has_layers = node.keys == chain_keys;
    if (name == "Residual" && has_layers) return AnyLayer<T>(Residual<T>(chain_of(node).layers()));
    if (name == "Sequential" && has_layers) {
      return AnyLayer<T>(model_of<Sequential<T>>(Network<T>(chain_of(node))));
    }
    const bool is_model = name == "Model" || name == "Residual" || name == "Sequential";
    node.keys.erase(FileKey::trainable);
    const bool is_layer = node.keys == layer_keys;
    const bool is_wrapper = node.keys == wrapper_keys;
    if (is_model || !(is_layer || is_wrapper)) {
      reader_.fail("class_name and config, or for Sequential and Residual layers", "other keys",
                   node.start);
    }
    node.config.set_owner(name);
    std::vector<AnyLayer<T>> parts;
    if (is_wrapper) parts = chain_of(node, true).layers();
    std::optional<AnyLayer<T>> layer = make_layer<T>(node.config, types_, std::move(parts));
    if (!layer) {
      reader_.fail({"layers among ", known_layers<T>(types_)}, abbreviate(name), node.start,
                   "name the library's other layers, load<nn::MoreLayers<float>>(path), or "
                   "types of your own, load<MyLayer<float>>(path)");
    }
    if (const auto unread = node.config.unread(); !unread.empty()) {
      reader_.fail({"arguments that ", name, " has"}, abbreviate(unread.front()), node.start,
                   "the file may be of a later version of the library");
    }
    return std::move(*layer);
  }
  template <class M>
  [[nodiscard]] static M model_of(Network<T> network) {
    M model;
    nn::detail::ModelAccess::network(model) = std::move(network);
    return model;
  }

  JsonReader& reader_;
  const LayerTable<T>& types_;
};

}  // namespace nn::io
