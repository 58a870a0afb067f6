// SPDX-License-Identifier: MIT
// Regularizers and constraints against what Keras computes: penalty and gradient, or new weights.
#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/golden/golden.hpp"
#include "tests/golden/keras_arguments.hpp"
#include "tests/golden/tally.hpp"

namespace nn {
namespace {

using nlohmann::json;
using testing::first_difference;

/// The numbers of nested lists in row-major order, and the lists' sizes.
template <Real T>
void flatten(const json& lists, std::vector<T>& values) {
  if (lists.is_number()) return values.push_back(lists.get<T>());
  for (const json& part : lists) flatten(part, values);
}
Shape shape_of_lists(const json& lists) {
  std::vector<Index> sizes;
  for (const json* part = &lists; part->is_array(); part = &part->at(0)) {
    sizes.push_back(static_cast<Index>(part->size()));
  }
  return {sizes.begin(), sizes.end()};
}

/// Returns why the case can't be run, or "".
template <Real T>
std::string check_penalty_case(const json& c) {
  const json object{{"class_name", c.at("class")}, {"config", c.at("config")}};
  const std::string text = json{{"rule", object}}.dump();
  io::JsonReader reader(text, "case");
  const Arguments arguments = io::read_arguments(reader);
  const bool is_regularizer = c.contains("gradient");
  Regularizer regularizer;
  Constraint constraint;
  try {
    is_regularizer ? detail::read_rule(arguments, "rule", regularizer)
                   : detail::read_rule(arguments, "rule", constraint);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  const std::string name = c.at("name");
  CAPTURE(name);
  CAPTURE(sizeof(T));
  const double tolerance = testing::tolerance_of<T>(c);
  const Shape shape = shape_of_lists(c.at("w"));
  std::vector<T> w, expected, gradient;
  flatten(c.at("w"), w);
  flatten(c.at(is_regularizer ? "gradient" : "result"), expected);
  if (is_regularizer) {
    gradient.resize(w.size());
    const double value = regularizer(shape, w.data(), gradient.data());
    CHECK(std::abs(value - c.at("value").get<double>()) <= tolerance);
    CHECK(first_difference(gradient, expected, tolerance) == "");
  } else {
    constraint(shape, w.data());
    CHECK(first_difference(w, expected, tolerance) == "");
  }
  return "";
}

}  // namespace

TEST_SUITE("golden/penalties") {
  TEST_CASE("Penalties: values, gradients and constrained weights are Keras'") {
    const testing::Golden golden("penalties");
    testing::Tally tally("penalties");
    for (const json& c : golden.cases()) {
      const std::string why_not = check_penalty_case<float>(c);
      CHECK(check_penalty_case<double>(c) == why_not);
      tally.add(c.at("class"), why_not);
    }
    tally.print();
    CHECK(tally.total() >= 8);
    CHECK(tally.num_run() == tally.total());
  }
}

}  // namespace nn
