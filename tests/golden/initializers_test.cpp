// SPDX-License-Identifier: MIT
// Initializers against the distributions that Keras draws from.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "nn/layer/initializer.hpp"
#include "tests/golden/golden.hpp"

namespace nn {
namespace {

using nlohmann::json;

/// Mean, variance and bounds of many values of the rule.
void check_distribution(const Initializer& initializer, const json& c) {
  constexpr Index count = 200'000;
  const Fans fans{c.at("fan_in").get<double>(), c.at("fan_out").get<double>()};
  const Random random{20260101, {RandomPurpose::initializer}};
  double sum = 0, squares = 0, smallest = std::numeric_limits<double>::infinity();
  double largest = -smallest;
  for (Index i = 0; i < count; ++i) {
    const double value = initializer(random, static_cast<std::uint64_t>(i), fans);
    sum += value;
    squares += value * value;
    smallest = std::min(smallest, value);
    largest = std::max(largest, value);
  }
  const double mean = sum / count, variance = squares / count - mean * mean;
  const double expected_mean = c.at("mean"), expected_variance = c.at("variance");
  const double low = c.at("min"), high = c.at("max");
  // Five standard errors of a mean, and of a variance of values no more spread than a normal's
  CHECK(std::abs(mean - expected_mean) <= 5 * std::sqrt(expected_variance / count));
  CHECK(std::abs(variance - expected_variance) <= 5 * expected_variance * std::sqrt(2.0 / count));
  CHECK(smallest >= low);
  CHECK(largest <= high);
  // Among so many values some come close to both bounds.
  CHECK(smallest <= low + 0.01 * (high - low));
  CHECK(largest >= high - 0.01 * (high - low));
}

}  // namespace

TEST_SUITE("golden/initializers") {
  TEST_CASE("Initializers: fans, mean, variance and bounds are Keras'") {
    const testing::Golden golden("initializers");
    int num_cases = 0;
    for (const json& c : golden.cases()) {
      const std::string name = c.at("initializer");
      CAPTURE(name);
      if (name == "GlorotUniform") {
        check_distribution(GlorotUniform{}, c);
      } else if (name == "HeNormal") {
        check_distribution(HeNormal{}, c);
      } else if (name == "Zeros") {
        check_distribution(Zeros{}, c);
      } else if (name == "Constant") {
        check_distribution(Constant{c.at("config").at("value").get<double>()}, c);
      } else {
        continue;
      }
      const Fans fans = fans_of(testing::shape_from(c.at("shape")));
      CHECK(fans.in == c.at("fan_in").get<double>());
      CHECK(fans.out == c.at("fan_out").get<double>());
      ++num_cases;
    }
    CHECK(num_cases == 16);  // four rules for four shapes
  }
}

}  // namespace nn
