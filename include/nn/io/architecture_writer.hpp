// SPDX-License-Identifier: MIT
// The layers of a model as JSON.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "nn/io/arguments_text.hpp"
#include "nn/io/json_reader.hpp"
#include "nn/io/json_text.hpp"
#include "nn/model/model.hpp"
#include "nn/model/model_access.hpp"
#include "nn/model/residual.hpp"
#include "nn/model/sequential.hpp"

namespace nn::io {

/// The deepest nesting of models that is written. The reader counts two levels for each, and some
/// for the layer inside.
inline constexpr int max_nested_models = JsonReader::max_depth / 2 - 2;

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

}  // namespace nn::io
