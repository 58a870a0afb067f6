// SPDX-License-Identifier: MIT
#include "nn/report/model_drawing.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/sequential.hpp"

namespace nn {
namespace {

using report::DrawnLayout;
using report::DrawnNode;

Model<float> residual_model() {
  const Input x{{4}, "x"};
  const auto a = x | Dense{4};
  return Model<float>{x, add({a, a | ReLU{} | Dense{4}})};
}

Index count_of(const std::string& text, const std::string& part) {
  Index count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST_SUITE("report/model_drawing") {
  TEST_CASE("to_dot: nodes and what they read, in the order in which they run") {
    CHECK(to_dot(residual_model()) ==
          "digraph model {\n"
          "  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
          "  n0 [label=\"x (Input)\\n(None, 4)\"];\n"
          "  n1 [label=\"dense (Dense)\\n(None, 4)\\n20 parameters\"];\n"
          "  n0 -> n1;\n"
          "  n2 [label=\"relu (ReLU)\\n(None, 4)\"];\n"
          "  n1 -> n2;\n"
          "  n3 [label=\"dense_1 (Dense)\\n(None, 4)\\n20 parameters\"];\n"
          "  n2 -> n3;\n"
          "  n4 [label=\"add (Add)\\n(None, 4)\"];\n"
          "  n1 -> n4;\n"
          "  n3 -> n4;\n"
          "}\n");
  }

  TEST_CASE("to_dot: chains that are not built, nested models, shared layers, hostile names") {
    CHECK(to_dot(Sequential<float>{Dense{2}, Sequential<float>{ReLU{}, Dense{3}}}) ==
          "digraph model {\n"
          "  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n"
          "  n0 [label=\"input_layer (Input)\\n?\"];\n"
          "  n1 [label=\"dense (Dense)\\n?\"];\n"
          "  n0 -> n1;\n"
          "  n2 [label=\"sequential (Sequential)\\n?\"];\n"
          "  n1 -> n2;\n"
          "}\n");
    const Input x{{4}, "a \"b\"\\n\n"};
    const SharedLayer shared{Dense{4}};
    const std::string dot = to_dot(Model<float>{x, x | shared | shared});
    CHECK(dot.find("[label=\"a \\\"b\\\"\\\\n  (Input)") != dot.npos);
    CHECK(dot.find("dense (use 2) (Dense)\\n(None, 4)\"]") != dot.npos);
  }

  TEST_CASE("to_svg: a box for each node, a line for each that is read, text escaped") {
    const std::string svg = to_svg(residual_model());
    CHECK(count_of(svg, "<rect ") == 5);
    CHECK(count_of(svg, "<path d=\"M") - 1 == 5);  // the arrow's head is one too
    CHECK(svg.find("<title>Model</title>") != svg.npos);
    CHECK(svg.find(">20 parameters<") != svg.npos);
    const Input x{{4}, "</text><script>"};
    const std::string hostile = to_svg(Model<float>{x, x | Dense{1}});
    CHECK(hostile.find("<script") == hostile.npos);
    CHECK(hostile.find("&lt;/text&gt;&lt;script&gt; (Input)") != hostile.npos);
  }

  TEST_CASE("DrawnLayout: a line that passes other nodes bends around them") {
    // 0 -> 1 -> 2 -> 3, and 0 -> 3
    const std::vector<DrawnNode> nodes{
        {.sources = {}}, {.sources = {0}}, {.sources = {1}}, {.sources = {2, 0}}};
    const DrawnLayout layout(nodes, std::vector<double>(4, 100));
    REQUIRE(layout.links().size() == 4);
    const DrawnLayout::Line& skip = layout.links()[3];
    REQUIRE(skip.bends.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(layout.y(skip.bends[i]) == layout.y(i + 1));
      CHECK(layout.x(skip.bends[i]) - layout.x(i + 1) > 50);
    }
    // The nodes stay nearly one below the other.
    for (std::size_t i = 1; i < 4; ++i) CHECK(std::abs(layout.x(i) - layout.x(i - 1)) < 10);
    CHECK(layout.height() == 4 * DrawnLayout::row_height);
  }

  TEST_CASE("DrawnLayout: no two boxes of a rank overlap, and all lie within the picture") {
    std::vector<DrawnNode> nodes(2);
    for (std::size_t i = 2; i < 40; ++i) nodes.push_back({.sources = {i / 2 - 1, i / 3}});
    std::vector<double> widths;
    for (std::size_t i = 0; i < 40; ++i) widths.push_back(80 + static_cast<double>(i % 7) * 20);
    const DrawnLayout layout(nodes, widths);
    for (std::size_t i = 0; i < 40; ++i) {
      CHECK(layout.x(i) - widths[i] / 2 > -1e-9);
      CHECK(layout.x(i) + widths[i] / 2 < layout.width() + 1e-9);
      for (const std::size_t source : nodes[i].sources) CHECK(layout.y(source) < layout.y(i));
      for (std::size_t j = 0; j < i; ++j) {
        if (layout.y(i) != layout.y(j)) continue;
        CHECK(std::abs(layout.x(i) - layout.x(j)) > (widths[i] + widths[j]) / 2 + 20);
      }
    }
  }

  TEST_CASE("to_svg: refuses what nobody could look at") {
    Sequential<float> deep;
    for (int i = 0; i < 1000; ++i) deep.add(ReLU{});
    CHECK_THROWS_WITH_AS(static_cast<void>(to_svg(deep)),
                         "nn::to_svg: expected a model of at most 1000 layers, got 1001",
                         std::invalid_argument);
  }
}

}  // namespace
}  // namespace nn
