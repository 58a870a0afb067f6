// SPDX-License-Identifier: MIT
// The table that `Sequential::summary` returns.
#pragma once

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "nn/model/network.hpp"

namespace nn {
namespace detail {

/// 1234567 -> "1,234,567"
[[nodiscard]] inline std::string with_separators(Index number) {
  const std::string digits = concat(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

/// 11082536 -> "10.57 MB": powers of 1024, two decimals.
[[nodiscard]] inline std::string readable_bytes(Index num_bytes) {
  static constexpr std::array units{"B", "KB", "MB", "GB", "TB"};
  auto value = static_cast<double>(num_bytes);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < units.size(); ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %s", value, units[unit]);
  return text;
}

/// [28, 28, 1] -> "(None, 28, 28, 1)"
[[nodiscard]] inline std::string keras_shape(const Shape& sample) {
  std::string text = "(None";
  for (const Index size : sample) append(text, {", ", size});
  append(text, ")");
  return text;
}

struct SummaryRow {
  std::string layer, shape, parameters;
};

/// A row of titles and one for each layer; shapes and counts are "?" before the model is built.
template <Real T>
[[nodiscard, gnu::cold, gnu::noinline]] std::vector<SummaryRow> summary_rows(
    const Network<T>& network) {
  std::vector<SummaryRow> rows;
  rows.push_back({"Layer (type)", "Output Shape", "Param #"});
  std::vector<std::string> types;  // of the layers so far, in lower case
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const std::string type = network.layers[i].name();
    std::string name = lower_case(type);
    const auto number = std::count(types.begin(), types.end(), name);
    types.push_back(name);
    if (number > 0) append(name, {"_", number});
    SummaryRow row{concat({name, " (", type, ")"}), "?", "?"};
    if (network.is_built) {
      Index count = 0;
      const std::string scope = concat({i, "."});
      for (const auto& parameter : network.block) {
        if (parameter.name.starts_with(scope)) count += parameter.shape.num_elements();
      }
      row.shape = keras_shape(network.plan.steps()[i].y);
      row.parameters = with_separators(count);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace detail

/// A table in the manner of Keras: layer, shape of its output, number of parameters, and their sum.
template <Real T>
[[nodiscard, gnu::cold, gnu::noinline]] std::string summarize(const Network<T>& network) {
  using detail::SummaryRow;
  const auto rows = detail::summary_rows(network);
  std::array<std::size_t, 3> widths{};
  for (const SummaryRow& row : rows) {
    widths = {std::max(widths[0], row.layer.size()), std::max(widths[1], row.shape.size()),
              std::max(widths[2], row.parameters.size())};
  }
  const auto spaces = [](std::size_t width, const std::string& text) {
    return std::string(width - text.size(), ' ');
  };
  std::string table = "Model: \"sequential\"\n";
  const std::string line(widths[0] + widths[1] + widths[2] + 6, '-');
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const SummaryRow& row = rows[i];
    if (i <= 1) append(table, {line, "\n"});
    append(table,
           {row.layer, spaces(widths[0], row.layer), "   ", row.shape, spaces(widths[1], row.shape),
            "   ", spaces(widths[2], row.parameters), row.parameters, "\n"});
  }
  append(table, {line, "\n"});
  if (!network.is_built) return concat({table, "Total params: ? (not built)\n"});
  Index total = 0, num_bytes = 0;
  for (const auto& parameter : network.block) {
    total += parameter.shape.num_elements();
    num_bytes += parameter.num_bytes();
  }
  return concat({table, "Total params: ", detail::with_separators(total), " (",
                 detail::readable_bytes(num_bytes), ")\n"});
}

}  // namespace nn
