// SPDX-License-Identifier: MIT
// The layers of a model as JSON, and back.
#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/io/arguments_text.hpp"
#include "nn/io/json_reader.hpp"
#include "nn/io/json_text.hpp"
#include "nn/io/names.hpp"
#include "nn/io/safetensors_header.hpp"
#include "nn/layers/layers.hpp"
#include "nn/model/model.hpp"
#include "nn/model/model_access.hpp"
#include "nn/model/residual.hpp"
#include "nn/model/sequential.hpp"

namespace nn::io {

/// The deepest nesting of models that is written. The reader counts two levels for each, and some
/// for the layer inside.
inline constexpr int max_nested_models = JsonReader::max_depth / 2 - 2;

/// What files may name as layers: all of the library's, and more.
#define NN_LAYER_TYPE(L) L<T>,
template <Real T, class... More>
using FileLayers = BuiltInLayers<T, NN_FOR_EACH_MERGING(NN_LAYER_TYPE) More...>;
#undef NN_LAYER_TYPE

template <class L>
concept LayerOfFiles = Layer<L> || MergingLayer<L> || WrappingModel<L>;

/// Writes layers and models. `tells_frozen`: a frozen layer has "trainable":false too.
///
/// A chain: "layers":[{"class_name":"Conv2D","config":{...}},...]. A graph:
/// "input_shapes":[[28,28,1]],"input_names":["image"],"nodes":[...],"outputs":[3], where a node is
/// a layer with the values that it reads, "inputs":[0], and perhaps a "name"; or, where a layer is
/// used again, {"layer":2,"inputs":[1]}. The first values are the model's inputs; behind them comes
/// what each node makes. A nested model has "layers" or the keys of a graph in place of "config", a
/// `WrappingModel` "config" and "layers".
/// Throws `std::invalid_argument` for a layer that doesn't name its arguments.
template <Real T>
class ArchitectureWriter {
 public:
  explicit ArchitectureWriter(bool tells_frozen) : tells_frozen_(tells_frozen) {}

  NN_COLD void append_layers(std::string& text, std::span<const AnyLayer<T>> layers,
                             int depth = 1) {
    require_depth(depth);
    append_key(text, "layers");
    text += '[';
    for (const AnyLayer<T>& layer : layers) {
      append_comma(text);
      text += '{';
      append_layer(text, layer, depth);
      text += '}';
    }
    text += ']';
  }

  NN_COLD void append_graph(std::string& text, const Network<T>& network, int depth = 1) {
    require_depth(depth);
    const LayerGraph<T>& graph = network.graph();
    append_key(text, "input_shapes");
    text += '[';
    for (const Shape& shape : network.inputs()) {
      append_comma(text);
      append_list(text, shape);
    }
    text += ']';
    append_key(text, "input_names");
    text += '[';
    for (const std::string& name : graph.input_names()) {
      append_comma(text);
      append_quoted(text, name);
    }
    text += ']';
    append_key(text, "nodes");
    text += '[';
    std::size_t num_layers = 0;  // so far
    for (const auto& use : graph.uses()) {
      append_comma(text);
      text += '{';
      if (use.layer == num_layers) {
        append_layer(text, graph.layers()[use.layer], depth);
        const std::string& name = graph.names()[num_layers++];
        if (!name.empty()) {
          append_key(text, "name");
          append_quoted(text, name);
        }
      } else {
        append_key(text, "layer");
        append(text, use.layer);
      }
      append_values(text, "inputs", use.sources);
      text += '}';
    }
    text += ']';
    append_values(text, "outputs", graph.outputs());
  }

 private:
  static void require_depth(int depth) {
    if (depth <= max_nested_models) return;
    refuse({"Model::save", {"at most ", max_nested_models, " models inside one another"}, "more"});
  }
  static void append_values(std::string& text, const char* key,
                            const std::vector<std::size_t>& values) {
    append_key(text, key);
    append_list(text, std::vector<Index>(values.begin(), values.end()));
  }

  NN_COLD void append_layer(std::string& text, const AnyLayer<T>& layer, int depth) {
    append_key(text, "class_name");
    append_quoted(text, layer.name());
    if (const auto* chain = layer.template get_if<Sequential<T>>()) {
      append_layers(text, chain->layers(), depth + 1);
    } else if (const auto* residual = layer.template get_if<Residual<T>>()) {
      append_layers(text, residual->layers(), depth + 1);
    } else if (!layer.parts().empty()) {
      append_key(text, "config");
      append_arguments(text, *layer.arguments());
      append_layers(text, layer.parts(), depth + 1);
    } else if (const auto* model = layer.template get_if<Model<T>>()) {
      append_graph(text, nn::detail::ModelAccess::network(*model), depth + 1);
    } else if (const auto arguments = layer.arguments()) {
      append_key(text, "config");
      append_arguments(text, *arguments);
      if (tells_frozen_ && layer.is_frozen()) {
        append_key(text, "trainable");
        text += "false";
      }
    } else {
      refuse({.where = "Model::save",
              .expected = "layers that name their arguments",
              .got = layer.name(),
              .remedy = "give it arguments(), from_arguments() and a static name()"});
    }
  }

  bool tells_frozen_;
};

template <Real T>
using MakeLayer = AnyLayer<T> (*)(const Arguments&, std::vector<AnyLayer<T>>& parts);

/// Functions of one type, for tables: null for what is no layer, such as an optimizer of the user's
/// own.
template <Real T, class L>
struct LayerType {
  [[nodiscard]] static constexpr NameOf name() {
    if constexpr (LayerOfFiles<L>) return [] { return std::string(L::name()); };
    return nullptr;
  }
  [[nodiscard]] NN_COLD static AnyLayer<T> make(const Arguments& arguments,
                                                std::vector<AnyLayer<T>>& parts) {
    if constexpr (WrappingModel<L>) {
      return AnyLayer<T>(L::from_parts(arguments, std::move(parts)));
    } else {
      if (!parts.empty()) refuse({L::name(), "no layers inside", parts.size()});
      return AnyLayer<T>(L::from_arguments(arguments));
    }
  }
  [[nodiscard]] static constexpr auto maker() -> MakeLayer<T> {
    if constexpr (LayerOfFiles<L>) return &make;
    return nullptr;
  }
};

/// The layer that `arguments` name, around `parts`; nothing if it is none of the types. What the
/// layer has no use for is left in `arguments.unread()`.
template <Real T, class... Layers>
[[nodiscard]] NN_COLD std::optional<AnyLayer<T>> make_layer(const Arguments& arguments,
                                                            LayerTypes<Layers...>,
                                                            std::vector<AnyLayer<T>> parts = {}) {
  static constexpr NameOf names[] = {LayerType<T, Layers>::name()...};
  static constexpr MakeLayer<T> makers[] = {LayerType<T, Layers>::maker()...};
  const std::size_t i = find_name(arguments.owner(), names);
  if (i == std::size(names)) return std::nullopt;
  return makers[i](arguments, parts);
}

template <Real T, class... Layers>
[[nodiscard]] NN_COLD std::string known_layers(LayerTypes<Layers...>) {
  static constexpr NameOf names[] = {LayerType<T, Layers>::name()..., &Residual<T>::name,
                                     &Sequential<T>::name, &Model<T>::name};
  return list_names(names);
}

/// Throws `std::invalid_argument` where one of `Own` has the name of another type among `Layers`: a
/// file could mean either of them.
template <class... Layers, class... Own>
void require_own_names(LayerTypes<Layers...>, LayerTypes<Own...>) {
  [[maybe_unused]] const auto require_own = []<class L>() {
    if (((!std::same_as<L, Layers> && L::name() == Layers::name()) || ...)) {
      refuse({"Model::load", "types whose names are not those of the library's layers", L::name()});
    }
  };
  (require_own.template operator()<Own>(), ...);
}

/// An object of a file that describes a layer, a model, or the use of one in a graph.
template <Real T>
struct FileNode {
  std::set<std::string> keys{};
  std::size_t start = 0;  // where it stands in the text
  std::string class_name{}, name{};
  Arguments config{};
  std::vector<FileNode> nodes{};  // or layers
  std::vector<Shape> input_shapes{};
  std::vector<std::string> input_names{};
  std::vector<Index> inputs{}, outputs{};
  Index layer = 0;
  bool is_trainable = true;

  [[nodiscard]] bool has(const std::string& key) const { return keys.contains(key); }
};

/// The reverse of `ArchitectureWriter`, for layers of these types. Throws `IoError`, or
/// `std::invalid_argument` from a layer's constructor.
template <Real T, class Types>
class ArchitectureReader {
 public:
  ArchitectureReader(JsonReader& reader, Types types) : reader_(reader), types_(types) {}

  /// The whole model, with the shapes of its inputs known but not built.
  [[nodiscard]] NN_COLD LayerGraph<T> read_model(std::vector<Shape>& input_shapes) {
    FileNode<T> node = read_node(true);
    if (node.class_name == "Sequential" &&
        has_keys(node, {"class_name", "input_shape", "layers"})) {
      input_shapes = node.input_shapes;
      return chain_of(node);
    }
    if (node.class_name != "Model" || !has_keys(node, graph_keys())) {
      reader_.fail("a Sequential with input_shape and layers, or a Model with nodes",
                   "something else", node.start);
    }
    input_shapes = node.input_shapes;
    return graph_of(node);
  }

 private:
  [[nodiscard]] static std::set<std::string> graph_keys() {
    return {"class_name", "input_shapes", "input_names", "nodes", "outputs"};
  }
  [[nodiscard]] static bool has_keys(const FileNode<T>& node, const std::set<std::string>& keys) {
    return node.keys == keys;
  }

  [[nodiscard]] NN_COLD FileNode<T> read_node(bool is_whole = false) {
    FileNode<T> node;
    node.start = reader_.position();
    reader_.read_object([&](const std::string& key) {
      const bool is_new = node.keys.insert(key).second;
      if (!is_new || !read_value(node, key, is_whole)) {
        reader_.fail("class_name and config, layers or nodes, once each", abbreviate(key),
                     reader_.position());
      }
    });
    return node;
  }
  /// False for a key that no layer has.
  [[nodiscard]] NN_COLD bool read_value(FileNode<T>& node, const std::string& key, bool is_whole) {
    if (key == "class_name") {
      node.class_name = reader_.read_string();
    } else if (key == "config") {
      node.config = read_arguments(reader_);
    } else if (key == "layers" || key == "nodes") {
      reader_.read_array([&] { node.nodes.push_back(read_node()); });
    } else if (key == "trainable") {
      node.is_trainable = reader_.read_boolean();
    } else if (key == "input_shape" && is_whole) {
      node.input_shapes.push_back(detail::read_shape(reader_));
    } else if (key == "input_shapes") {
      reader_.read_array([&] { node.input_shapes.push_back(detail::read_shape(reader_)); });
    } else if (key == "input_names") {
      reader_.read_array([&] { node.input_names.push_back(reader_.read_string()); });
    } else if (key == "inputs") {
      reader_.read_array([&] { node.inputs.push_back(reader_.read_integer()); });
    } else if (key == "outputs") {
      reader_.read_array([&] { node.outputs.push_back(reader_.read_integer()); });
    } else if (key == "layer") {
      node.layer = reader_.read_integer();
    } else if (key == "name") {
      node.name = reader_.read_string();
    } else {
      return false;
    }
    return true;
  }

  [[nodiscard]] NN_COLD LayerGraph<T> chain_of(FileNode<T>& node) {
    LayerGraph<T> graph;
    for (FileNode<T>& each : node.nodes) {
      if (each.has("inputs") || each.has("layer") || each.has("name")) {
        reader_.fail("layers of a chain", "a node of a graph", each.start);
      }
      const std::size_t last = graph.layers().size();
      graph.add(layer_of(each), {last});
      if (!each.is_trainable) graph.set_frozen(last, true);
    }
    return graph;
  }

  [[nodiscard]] NN_COLD LayerGraph<T> graph_of(FileNode<T>& node) {
    if (node.input_names.size() != node.input_shapes.size() || node.input_names.empty() ||
        node.outputs.empty()) {
      reader_.fail("shapes and names of one input or more, and outputs", "other lists", node.start);
    }
    LayerGraph<T> graph("Model");
    graph.set_ends(node.input_names, {});
    for (FileNode<T>& each : node.nodes) {
      std::vector<std::size_t> sources = values_of(each, each.inputs, graph.num_values());
      const std::size_t num_layers = graph.layers().size();
      if (!each.has("layer")) {
        graph.add(layer_of(each), std::move(sources), each.name);
        if (!each.is_trainable) graph.set_frozen(num_layers, true);
      } else if (has_keys(each, {"layer", "inputs"}) && each.layer >= 0 &&
                 each.layer < static_cast<Index>(num_layers)) {
        graph.use(static_cast<std::size_t>(each.layer), std::move(sources));
      } else {
        reader_.fail("the number of a layer from before, and inputs", "something else", each.start);
      }
    }
    graph.set_ends(std::move(node.input_names), values_of(node, node.outputs, graph.num_values()));
    return graph;
  }
  [[nodiscard]] std::vector<std::size_t> values_of(const FileNode<T>& node,
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

  [[nodiscard]] NN_COLD AnyLayer<T> layer_of(FileNode<T>& node) {
    const std::string& name = node.class_name;
    for (const char* key : {"inputs", "name"}) node.keys.erase(key);
    if (name == "Model" && has_keys(node, graph_keys())) {
      Network<T> network(graph_of(node));
      network.infer_shapes(node.input_shapes);
      return AnyLayer<T>(model_of<Model<T>>(std::move(network)));
    }
    const bool has_layers = has_keys(node, {"class_name", "layers"});
    if (name == "Residual" && has_layers) return AnyLayer<T>(Residual<T>(chain_of(node).layers()));
    if (name == "Sequential" && has_layers) {
      return AnyLayer<T>(model_of<Sequential<T>>(Network<T>(chain_of(node))));
    }
    const bool is_model = name == "Model" || name == "Residual" || name == "Sequential";
    node.keys.erase("trainable");
    const bool is_layer = has_keys(node, {"class_name", "config"});
    const bool is_wrapper = has_keys(node, {"class_name", "config", "layers"});
    if (is_model || !(is_layer || is_wrapper)) {
      reader_.fail("class_name and config, or for Sequential and Residual layers", "other keys",
                   node.start);
    }
    node.config.set_owner(name);
    std::vector<AnyLayer<T>> parts;
    if (is_wrapper) parts = chain_of(node).layers();
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
  Types types_;
};

}  // namespace nn::io
