// SPDX-License-Identifier: MIT
// The table that `Model::summary` returns.
#pragma once

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "nn/model/network.hpp"

namespace nn {

namespace detail {

/// 11082536 -> "10.57 MB": powers of 1024, two decimals.
[[nodiscard]] inline std::string readable_bytes(Index num_bytes) {
  static constexpr std::array units{"B", "KB", "MB", "GB", "TB"};
  auto value = static_cast<double>(num_bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
  return concat({with_digits(value, 2), ' ', units[unit]});
}

/// [28, 28, 1] -> "(None, 28, 28, 1)"
[[nodiscard]] inline std::string keras_shape(const Shape& sample) {
  std::string text = "(None";
  for (const Index size : sample) append(text, {", ", size});
  append(text, ")");
  return text;
}

/// Names for things of these types: those that are given, else "dense", "dense_1", ….
[[nodiscard]] NN_COLD inline std::vector<std::string> unique_names(
    const std::vector<std::string>& given, const std::vector<std::string>& types) {
  std::vector<std::string> names = given;
  std::set<std::string> taken;
  for (const std::string& name : given) taken.insert(name);
  std::vector<Index> numbers(types.size(), 0);  // the next one of each type, where that is first
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::size_t first = 0;
    while (types[first] != types[i]) ++first;
    while (names[i].empty()) {
      const Index number = numbers[first]++;
      std::string name = number == 0 ? types[i] : concat({types[i], "_", number});
      if (taken.insert(name).second) names[i] = std::move(name);
    }
  }
  return names;
}

/// The names of the layers in tables.
template <Real T>
[[nodiscard]] NN_COLD std::vector<std::string> layer_names(const Network<T>& network) {
  std::vector<std::string> types;
  for (const AnyLayer<T>& layer : network.layers()) types.push_back(lower_case(layer.name()));
  return unique_names(network.graph().names(), types);
}

/// Where one of a graph's values comes from.
struct ValueOrigin {
  bool is_input = false;
  std::size_t number = 0;  // of the input, or of the layer
  std::size_t use = 0;     // of that layer, counted from 0
  std::size_t result = 0;  // of that use
};
/// Of each value.
template <Real T>
[[nodiscard]] NN_COLD std::vector<ValueOrigin> origins_of(const LayerGraph<T>& graph) {
  std::vector<ValueOrigin> origins;
  for (std::size_t i = 0; i < graph.num_inputs(); ++i) origins.push_back({true, i});
  std::vector<std::size_t> num_uses(graph.layers().size(), 0);
  for (const auto& use : graph.uses()) {
    const std::size_t count = graph.num_results(graph.layers()[use.layer]);
    for (std::size_t result = 0; result < count; ++result) {
      origins.push_back({false, use.layer, num_uses[use.layer], result});
    }
    ++num_uses[use.layer];
  }
  return origins;
}

/// The names of the model's outputs in scores: of the layers that give them. A second one of the
/// same layer has a number behind it.
template <Real T>
[[nodiscard]] NN_COLD std::vector<std::string> output_names(const Network<T>& network) {
  const std::vector<std::string> layers = layer_names(network);
  const std::vector<ValueOrigin> origins = origins_of(network.graph());
  std::vector<std::string> names;
  for (const std::size_t output : network.graph().outputs()) {
    const ValueOrigin origin = origins[output];
    const std::string name =
        origin.is_input ? concat({"input_", origin.number}) : layers[origin.number];
    std::string unique = name;
    for (Index i = 1; std::find(names.begin(), names.end(), unique) != names.end(); ++i) {
      unique = concat({name, "_", i});
    }
    names.push_back(std::move(unique));
  }
  return names;
}

/// The cells of a table, line by line: titles, then inputs (in graphs) and layers. A graph has a
/// fourth column, as Keras: "conv2d[0][0]" is result 0 of the first use of that layer. Shapes and
/// counts are "?" before the model is built.
template <Real T>
class SummaryCells {
 public:
  NN_COLD explicit SummaryCells(const Network<T>& network)
      : network_(network),
        graph_(network.graph()),
        is_chain_(graph_.is_chain()),
        origins_(origins_of(graph_)),
        layers_(layer_names(network)),
        inputs_(unique_names(graph_.input_names(),
                             std::vector<std::string>(graph_.num_inputs(), "input_layer"))) {
    add({"Layer (type)", "Output Shape", "Param #", "Connected to"});
    for (std::size_t i = 0; i < inputs_.size() && !is_chain_; ++i) {
      add({inputs_[i] + " (Input)", shape_of(i), "0", "-"});
    }
    std::vector<std::string> sources(layers_.size());
    for (const auto& use : graph_.uses()) {
      for (const std::size_t source : use.sources) {
        append_listed(sources[use.layer], name_of(source));
      }
    }
    std::size_t value = graph_.num_inputs();
    for (; value < origins_.size(); ++value) {
      const ValueOrigin& origin = origins_[value];
      if (origin.use == 0 && origin.result == 0) {
        const std::size_t count = graph_.num_results(network_.layers()[origin.number]);
        add_layer(origin.number, shapes_of(value, count), sources[origin.number]);
      }
    }
  }

  [[nodiscard]] std::size_t num_columns() const { return is_chain_ ? 3 : 4; }
  [[nodiscard]] const std::vector<std::string>& cells() const { return cells_; }

 private:
  void add(const std::vector<std::string>& line) {
    for (std::size_t i = 0; i < num_columns(); ++i) cells_.push_back(line[i]);
  }
  [[nodiscard]] std::string shape_of(std::size_t value) const {
    return network_.is_built() ? keras_shape(network_.shape_of(value)) : "?";
  }
  /// Of all results of a layer, beginning with this value: "[(None, 4), (None, 4)]".
  [[nodiscard]] std::string shapes_of(std::size_t value, std::size_t count) const {
    if (count == 1 || !network_.is_built()) return shape_of(value);
    std::string shapes;
    for (std::size_t i = 0; i < count; ++i) append_listed(shapes, shape_of(value + i));
    return concat({"[", shapes, "]"});
  }
  NN_COLD void add_layer(std::size_t i, const std::string& shape, const std::string& sources) {
    std::string count = "?";
    if (network_.is_built()) {
      Index sum = 0;
      for (const auto& parameter : network_.parameters_of(i)) sum += parameter.shape.num_elements();
      count = with_separators(sum);
    }
    add({concat({layers_[i], " (", network_.layers()[i].name(), ")"}), shape, count, sources});
  }
  [[nodiscard]] std::string name_of(std::size_t value) const {
    const ValueOrigin& origin = origins_[value];
    const std::string& name = origin.is_input ? inputs_[origin.number] : layers_[origin.number];
    return concat({name, "[", origin.use, "][", origin.result, "]"});
  }

  const Network<T>& network_;
  const LayerGraph<T>& graph_;
  const bool is_chain_;
  const std::vector<ValueOrigin> origins_;
  const std::vector<std::string> layers_, inputs_;
  std::vector<std::string> cells_;
};

}  // namespace detail

/// A table in the manner of Keras: layer, shape of its output, number of parameters, and their
/// sums.
template <Real T>
[[nodiscard]] NN_COLD std::string summarize(const Network<T>& network) {
  const detail::SummaryCells<T> made(network);
  const std::vector<std::string>& cells = made.cells();
  const std::size_t num_columns = made.num_columns();
  std::size_t widths[4] = {};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    widths[i % num_columns] = std::max(widths[i % num_columns], cells[i].size());
  }
  std::string table = concat({"Model: \"", lower_case(network.graph().name()), "\"\n"});
  std::size_t width = 3 * (num_columns - 1);
  for (const std::size_t each : widths) width += each;
  const std::string line(width, '-');
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t column = i % num_columns;
    if (i == 0 || i == num_columns) append(table, {line, "\n"});
    std::string spaces(widths[column] - cells[i].size(), ' ');
    const bool is_number = column == 2, is_last = column + 1 == num_columns;
    if (is_last && !is_number) spaces.clear();
    append(table,
           {is_number ? spaces : cells[i], is_number ? cells[i] : spaces, is_last ? "\n" : "   "});
  }
  append(table, {line, "\n"});
  if (!network.is_built()) return concat({table, "Total params: ? (not built)\n"});
  const auto append_sum = [&](const char* title, bool trained, bool others) {
    Index total = 0, num_bytes = 0;
    for (const auto& parameter : network.block()) {
      if (!(parameter.is_trained() ? trained : others)) continue;
      total += parameter.shape.num_elements();
      num_bytes += parameter.num_bytes();
    }
    append(table, {title, with_separators(total), " (", detail::readable_bytes(num_bytes), ")\n"});
  };
  append_sum("Total params: ", true, true);
  append_sum("Trainable params: ", true, false);
  append_sum("Non-trainable params: ", false, true);
  return table;
}

}  // namespace nn
