// SPDX-License-Identifier: MIT
// Initializers against the distributions that Keras draws from.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/layer/initializer.hpp"
#include "tests/golden/golden.hpp"
#include "tests/golden/keras_arguments.hpp"
#include "tests/golden/tally.hpp"

namespace nn {
namespace {

using nlohmann::json;

/// Mean, variance and bounds of many values of the rule.
void check_distribution(const Initializer& initializer, const json& c) {
  constexpr Index count = 50'000;
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
  // Five standard errors of a mean, and of a variance of values no more spread than a normal's
  CHECK(std::abs(mean - expected_mean) <= 5 * std::sqrt(expected_variance / count));
  CHECK(std::abs(variance - expected_variance) <= 5 * expected_variance * std::sqrt(2.0 / count));
  if (c.at("min").is_null()) return;  // a normal distribution has no bounds
  const double low = c.at("min"), high = c.at("max");
  CHECK(smallest >= low);
  CHECK(largest <= high);
  // Among so many values some come close to both bounds.
  CHECK(smallest <= low + 0.01 * (high - low));
  CHECK(largest >= high - 0.01 * (high - low));
}

/// The rows or columns of a matrix are at right angles, and as long as the gain.
void check_orthogonal(const Initializer& initializer, const json& c) {
  const Random random{20260101, {RandomPurpose::initializer}};
  const auto rows = c.at("matrix").at(0).get<std::size_t>();
  const auto columns = c.at("matrix").at(1).get<std::size_t>();
  const double gain = c.at("gain");
  std::vector<double> w(rows * columns);
  initializer.fill(random, testing::shape_from(c.at("shape")), w.data());
  const bool has_rows = c.at("orthonormal") == "rows";
  const std::size_t lines = has_rows ? rows : columns, length = has_rows ? columns : rows;
  const auto element = [&](std::size_t line, std::size_t i) {
    return has_rows ? w[line * columns + i] : w[i * columns + line];
  };
  double largest_error = 0;
  for (std::size_t a = 0; a < lines; ++a) {
    for (std::size_t b = 0; b < lines; ++b) {
      double product = 0;
      for (std::size_t i = 0; i < length; ++i) product += element(a, i) * element(b, i);
      largest_error = std::max(largest_error, std::abs(product - (a == b ? gain * gain : 0)));
    }
  }
  CHECK(largest_error < 1e-12);
}

/// GlorotUniform as glorot_uniform, the name that the library and Keras' arguments have for it.
std::string snake_case(const std::string& class_name) {
  std::string name;
  for (const char letter : class_name) {
    const bool is_capital = letter >= 'A' && letter <= 'Z';
    if (is_capital && !name.empty()) name += '_';
    name += is_capital ? static_cast<char>(letter - 'A' + 'a') : letter;
  }
  return name;
}

/// Returns why the case can't be run, or "".
std::string check_initializer_case(const json& c) {
  const testing::KerasArguments keras("initializers", c.at("initializer"), c.at("config"));
  std::string name = snake_case(c.at("initializer"));
  std::string numbers;
  for (const char* key :
       {"value", "gain", "scale", "mode", "distribution", "mean", "stddev", "minval", "maxval"}) {
    if (!keras.arguments().has(key)) continue;
    const json defaults = testing::keras_defaults().at("initializers").at(c.at("initializer"));
    const json value = c.at("config").value(key, defaults.at("defaults").at(key));
    numbers += (numbers.empty() ? "" : ",") +
               (value.is_string() ? value.get<std::string>() : value.dump());
  }
  if (!numbers.empty()) name += "(" + numbers + ")";
  CAPTURE(name);
  std::optional<Initializer> initializer;
  try {
    initializer = Initializer::from_string(name);
  } catch (const std::invalid_argument&) {
    return "no such initializer";
  }
  std::string why_not = keras.left_out();
  if (!why_not.empty()) return why_not;
  if (c.contains("orthonormal")) {
    check_orthogonal(*initializer, c);
  } else {
    check_distribution(*initializer, c);
  }
  const Fans fans = fans_of(testing::shape_from(c.at("shape")));
  CHECK(fans.in == c.at("fan_in").get<double>());
  CHECK(fans.out == c.at("fan_out").get<double>());
  return "";
}

}  // namespace

TEST_SUITE("golden/initializers") {
  TEST_CASE("Initializers: fans, mean, variance and bounds are Keras'") {
    const testing::Golden golden("initializers");
    testing::Tally tally("initializers");
    for (const json& c : golden.cases()) tally.add(c.at("initializer"), check_initializer_case(c));
    tally.print();
    CHECK(tally.num_run() == tally.total());
  }
}

}  // namespace nn
