// SPDX-License-Identifier: MIT
// Drawings of a model: its layers and what each one reads.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "nn/model/model.hpp"
#include "nn/model/model_access.hpp"
#include "nn/report/drawn_graph.hpp"
#include "nn/report/html_text.hpp"

namespace nn {
namespace report {

/// Text for a string of the DOT language, where "\n" starts a line.
[[nodiscard]] NN_COLD inline std::string escape_dot(std::string_view text) {
  std::string escaped;
  for (const char letter : clean(text)) {
    if (letter == '"' || letter == '\\') escaped += '\\';
    escaped += letter == '\n' ? ' ' : letter;
  }
  return escaped;
}

/// In pixels.
[[nodiscard]] inline std::string coordinate(double pixels) { return with_digits(pixels, 1); }

/// A box with the name of a layer, and below it what it is.
[[nodiscard]] NN_COLD inline std::string svg_box(const DrawnNode& node, double x, double y,
                                                 double width) {
  constexpr double height = 62;
  std::string text =
      concat({"<g class=\"", node.sources.empty() ? "input" : "layer", "\"><rect x=\"",
              coordinate(x - width / 2), "\" y=\"", coordinate(y - height / 2), "\" width=\"",
              coordinate(width), "\" height=\"", coordinate(height), "\" rx=\"8\"/>"});
  double baseline = y + (node.parameters.empty() ? -4 : -12);
  const auto append_line = [&](const std::string& line, const char* kind) {
    append(text, {"<text class=\"", kind, "\" x=\"", coordinate(x), "\" y=\"", coordinate(baseline),
                  "\">", escape(line), "</text>"});
    baseline += 17;
  };
  append_line(concat({node.name, " (", node.type, ")"}), "name");
  append_line(node.shape, "shape");
  if (!node.parameters.empty()) append_line(node.parameters, "shape");
  return text + "</g>\n";
}

/// A curve from box to box that passes the bends.
[[nodiscard]] NN_COLD inline std::string svg_line(const DrawnLayout& layout,
                                                  const DrawnLayout::Line& line) {
  constexpr double half_box = 31, half_row = DrawnLayout::row_height / 2;
  const auto point = [](double x, double y) { return concat({coordinate(x), " ", coordinate(y)}); };
  double x = layout.x(line.from), y = layout.y(line.from) + half_box;
  std::string path = concat({"<path d=\"M", point(x, y)});
  const auto curve_to = [&](double to_x, double to_y) {
    const double middle = (y + to_y) / 2;
    append(path, {" C", point(x, middle), " ", point(to_x, middle), " ", point(to_x, to_y)});
    x = to_x;
    y = to_y;
  };
  for (const std::size_t bend : line.bends) {
    curve_to(layout.x(bend), layout.y(bend) - half_row / 2);
    curve_to(layout.x(bend), layout.y(bend) + half_row / 2);
  }
  curve_to(layout.x(line.to), layout.y(line.to) - half_box - 6);  // room for the arrow's head
  return path + "\" marker-end=\"url(#arrow)\"/>\n";
}

}  // namespace report

/// The model as a graph in the DOT language of Graphviz: `dot -Tpdf model.dot -o model.pdf`.
template <Real T>
[[nodiscard]] NN_COLD std::string to_dot(const Model<T>& model) {
  std::string text =
      "digraph model {\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n";
  const auto nodes = report::drawn_nodes(detail::ModelAccess::network(model));
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const report::DrawnNode& node = nodes[i];
    append(text, {"  n", i, " [label=\"", report::escape_dot(node.name), " (", node.type, ")\\n",
                  node.shape, node.parameters.empty() ? "" : "\\n", node.parameters, "\"];\n"});
    for (const std::size_t source : node.sources) append(text, {"  n", source, " -> n", i, ";\n"});
  }
  return text + "}\n";
}

/// The model as a picture that a browser shows, light or dark as its surroundings:
/// `std::ofstream("model.svg") << nn::to_svg(model);`. Throws `std::invalid_argument` for a model
/// of more than 1000 layers.
template <Real T>
[[nodiscard]] NN_COLD std::string to_svg(const Model<T>& model) {
  constexpr double margin = 16, letter_width = 7.2;
  const auto nodes = report::drawn_nodes(detail::ModelAccess::network(model));
  std::vector<double> widths;
  for (const report::DrawnNode& node : nodes) {
    const std::size_t letters =
        std::max({node.name.size() + node.type.size() + 3, node.shape.size(), std::size_t{16}});
    widths.push_back(24 + letter_width * static_cast<double>(letters));
  }
  const report::DrawnLayout layout(nodes, widths);
  const double width = layout.width() + 2 * margin, height = layout.height();
  std::string svg = concat(
      {"<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"",
       report::coordinate(-margin), " 0 ", report::coordinate(width), " ",
       report::coordinate(height), "\" width=\"", report::coordinate(width), "\" height=\"",
       report::coordinate(height), "\">\n<title>",
       report::escape(detail::ModelAccess::network(model).graph().name()),
       "</title>\n<style>\n"
       "text { font: 12px ui-sans-serif, system-ui, sans-serif; text-anchor: middle; fill: "
       "#1b1f24; }\n"
       ".name { font-weight: 600; }\n.shape { fill: #57606a; }\n"
       "rect { fill: #f6f8fa; stroke: #8c959f; }\n.input rect { fill: #ddf4ff; stroke: #0969da; }\n"
       "path { fill: none; stroke: #6e7781; stroke-width: 1.5; }\n"
       "#arrow path { fill: #6e7781; stroke: none; }\n"
       "@media (prefers-color-scheme: dark) {\n"
       "  text { fill: #e6edf3; } .shape { fill: #9198a1; }\n"
       "  rect { fill: #161b22; stroke: #656c76; } .input rect { fill: #0c2d6b; stroke: #4493f8; "
       "}\n"
       "  path { stroke: #9198a1; } #arrow path { fill: #9198a1; }\n}\n</style>\n"
       "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"2\" refY=\"4\" markerWidth=\"6\" "
       "markerHeight=\"6\" orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\"/></marker></defs>\n"});
  for (const auto& line : layout.links()) svg += report::svg_line(layout, line);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    svg += report::svg_box(nodes[i], layout.x(i), layout.y(i), widths[i]);
  }
  return svg + "</svg>\n";
}

}  // namespace nn
