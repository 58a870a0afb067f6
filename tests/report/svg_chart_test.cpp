// SPDX-License-Identifier: MIT
#include "nn/report/svg_chart.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

namespace nn::report {

TEST_SUITE("report/svg_chart") {
  TEST_CASE("Axis: round ticks over the whole range, ends among them") {
    const auto labels = [](const Axis& axis) {
      std::string all;
      for (const double tick : axis.ticks()) all += axis.label(tick) + " ";
      return all;
    };
    CHECK(labels(Axis({0.93, 0.9975})) == "0.92 0.94 0.96 0.98 1.00 ");
    CHECK(labels(Axis({0, 1135})) == "0 200 400 600 800 1000 1200 ");
    CHECK(labels(Axis({-0.4, 0.4})) == "-0.4 -0.2 0.0 0.2 0.4 ");
    CHECK(labels(Axis({1, 6}, true)) == "1 2 3 4 5 6 ");
    CHECK(labels(Axis({0.3, 0.8}, true)) == "0.3 0.4 0.5 0.6 0.7 0.8 ");
    CHECK(labels(Axis({2e6, 8e6})) == "2e+06 4e+06 6e+06 8e+06 ");
    CHECK(labels(Axis({5, 5})).size() > 4);  // a range without width has ticks too
    CHECK(labels(Axis({0, 0})).size() > 4);
    CHECK(labels(Axis({0, 1e-320})).size() > 4);  // nor does rounding end badly
    CHECK(labels(Axis({1, 1 + 1e-15})).size() > 4);
    CHECK(labels(Axis({-1.7e308, 1.7e308})).size() > 4);
  }

  TEST_CASE("Range: of the numbers that are finite") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const Range range = Range::of(std::vector<double>{nan, 3, infinity, -2, nan});
    CHECK(range.low == -2);
    CHECK(range.high == 3);
    CHECK(Range::of(std::vector<double>{nan}).high == 1);
  }

  TEST_CASE("Chart: a line breaks where a number is missing, and text is escaped") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    Chart chart({.id = "c", .title = "<a & \"b\">", .description = "d"}, Axis({0, 4}, true),
                Axis({0, 1}, true));
    const std::vector<double> x{0, 1, 2, 3, 4}, y{0, 1, nan, 0.5, 1};
    chart.line(x, y, "first");
    const std::string svg = chart.finish();
    CHECK(svg.find("d=\"M46 200L121.5 26M272.5 113L348 26\"") != std::string::npos);
    CHECK(svg.find("<title id=\"c-title\">&lt;a &amp; &quot;b&quot;&gt;</title>") !=
          std::string::npos);
    CHECK(svg.find("nan") == std::string::npos);
  }
}

}  // namespace nn::report
