// SPDX-License-Identifier: MIT
// The table that `Model::summary` returns.
#pragma once

#include <algorithm>
#include <array>
#include <string>
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

/// The names of the layers in tables: "dense", "dense_1", ….
template <Real T>
[[nodiscard]] NN_COLD std::vector<std::string> layer_names(const Network<T>& network) {
  std::vector<std::string> names;
  std::vector<std::string> types;  // of the layers so far
  for (const AnyLayer<T>& layer : network.layers()) {
    types.push_back(lower_case(layer.name()));
    names.push_back(concat(types.back()));
    const auto number = std::count(types.begin(), types.end(), types.back()) - 1;
    if (number > 0) append(names.back(), {"_", number});
  }
  return names;
}

/// Three cells for the titles and for each layer; shapes and counts are "?" before the model is
/// built.
template <Real T>
[[nodiscard]] NN_COLD std::vector<std::string> summary_cells(const Network<T>& network) {
  std::vector<std::string> cells{"Layer (type)", "Output Shape", "Param #"};
  const std::vector<std::string> names = layer_names(network);
  for (std::size_t i = 0; i < names.size(); ++i) {
    cells.push_back(concat({names[i], " (", network.layers()[i].name(), ")"}));
    if (!network.is_built()) {
      cells.push_back("?");
      cells.push_back("?");
      continue;
    }
    cells.push_back(keras_shape(network.output_of(i)));
    Index count = 0;
    for (const auto& parameter : network.parameters_of(i)) count += parameter.shape.num_elements();
    cells.push_back(with_separators(count));
  }
  return cells;
}

}  // namespace detail

/// A table in the manner of Keras: layer, shape of its output, number of parameters, and their
/// sums.
template <Real T>
[[nodiscard]] NN_COLD std::string summarize(const Network<T>& network) {
  const std::vector<std::string> cells = detail::summary_cells(network);
  std::size_t widths[3] = {};
  for (std::size_t i = 0; i < cells.size(); ++i) {
    widths[i % 3] = std::max(widths[i % 3], cells[i].size());
  }
  std::string table = "Model: \"sequential\"\n";
  const std::string line(widths[0] + widths[1] + widths[2] + 6, '-');
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool is_number = i % 3 == 2;
    if (i == 0 || i == 3) append(table, {line, "\n"});
    const std::string spaces(widths[i % 3] - cells[i].size(), ' ');
    append(table, {is_number ? spaces : cells[i], is_number ? cells[i] : spaces,
                   is_number ? "\n" : "   "});
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
