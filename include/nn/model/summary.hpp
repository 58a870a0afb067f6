// SPDX-License-Identifier: MIT
// The table that `Sequential::summary` returns.
#pragma once

#include <algorithm>
#include <array>
#include <map>
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

/// Three cells for the titles and for each layer; shapes and counts are "?" before the model is
/// built.
template <Real T>
[[nodiscard]] NN_COLD std::vector<std::string> summary_cells(const Network<T>& network) {
  std::vector<std::string> cells{"Layer (type)", "Output Shape", "Param #"};
  std::map<std::string, Index> types;  // of the layers so far, in lower case
  for (std::size_t i = 0; i < network.layers().size(); ++i) {
    const std::string type = network.layers()[i].name();
    std::string name = lower_case(type);
    const Index number = types[name]++;
    if (number > 0) append(name, {"_", number});
    cells.push_back(concat({name, " (", type, ")"}));
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

/// A table in the manner of Keras: layer, shape of its output, number of parameters, and their sum.
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
  Index total = 0, num_bytes = 0;
  for (const auto& parameter : network.block()) {
    total += parameter.shape.num_elements();
    num_bytes += parameter.num_bytes();
  }
  return concat({table, "Total params: ", with_separators(total), " (",
                 detail::readable_bytes(num_bytes), ")\n"});
}

}  // namespace nn
