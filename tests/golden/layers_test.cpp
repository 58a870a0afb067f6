// SPDX-License-Identifier: MIT
// Layers against what Keras computes: result, gradient of the input, gradients of the weights.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/golden/golden.hpp"
#include "tests/golden/golden_layer.hpp"

namespace nn {
namespace {

using nlohmann::json;
using testing::first_difference;
using testing::Golden;

/// The layer of a case as a model. An activation that is no layer of its own here is run as that of
/// a Dense whose kernel is the identity. False where the library doesn't have the layer.
template <Real T>
bool make_model(Sequential<T>& model, const json& c) {
  if (testing::add_layer(model, c.at("layer"), c.at("config"))) return true;
  Activation activation{};
  if (c.at("layer") != "Activation" || c.at("config").size() != 1 ||
      !testing::read_activation(c.at("config"), activation)) {
    return false;
  }
  const Index features = c.at("input_shape").back().get<Index>();
  model.add(Dense<T>{features, {.activation = activation, .use_bias = false}});
  return true;
}

template <Real T>
void set_case_weights(Sequential<T>& model, const Golden& golden, const json& c) {
  if (c.at("layer") == "Activation") {
    for (const auto& kernel : model.parameters()) {
      const auto map = kernel.template value<2>();
      for (Index i = 0; i < map.dimension(0); ++i) {
        for (Index j = 0; j < map.dimension(1); ++j) kernel.template value<2>()(i, j) = T(i == j);
      }
    }
    return;
  }
  std::vector<std::string> names;
  for (const json& weight : c.at("weights")) names.push_back(weight.at("name"));
  testing::set_weights(model, golden, c.at("name").get<std::string>() + "/weights/", names);
}

/// A map [rows, last axis], as layers of any rank are seen.
template <class T, class Values>
auto matrix_of(Values& values, const Shape& shape) {
  return map_tensor<2, T>(values.data(), {shape.num_elements() / shape.back(), shape.back()});
}

template <Real T>
void check_case(Sequential<T>& model, const Golden& golden, const json& c) {
  const std::string name = c.at("name");
  const double tolerance = testing::tolerance_of<T>(c);
  const Shape x_shape = testing::shape_from(c.at("input_shape"));
  const Shape y_shape = testing::shape_from(c.at("output_shape"));
  model.build(Shape(x_shape.begin() + 1, x_shape.end()));
  set_case_weights(model, golden, c);
  model.zero_gradients();
  CHECK(model.output_shape() == Shape(y_shape.begin() + 1, y_shape.end()));

  const std::vector<T> x = golden.array<T>(name + "/x"), expected = golden.array<T>(name + "/y");
  std::vector<T> dy = golden.array<T>(name + "/dy");
  std::vector<T> y(expected.size()), dx(x.size(), T(7));  // 7: dx has to be assigned
  const auto x_map = matrix_of<const T>(x, x_shape);
  const auto y_map = matrix_of<T>(y, y_shape);
  Workspace workspace;

  // Inference
  std::byte* memory = workspace.reserve(model.workspace_bytes(x_shape, false));
  model.forward(x_map, y_map, Pass{.memory = memory});
  CHECK(first_difference(y, expected, tolerance) == "");

  // Training; a dropout that Keras ran outside training is the identity only there
  if (c.at("layer") == "Dropout" && !c.at("training").get<bool>()) return;
  std::fill(y.begin(), y.end(), T(7));
  memory = workspace.reserve(model.workspace_bytes(x_shape, true));
  const Pass pass{.training = true, .memory = memory};
  model.forward(x_map, y_map, pass);
  CHECK(first_difference(y, expected, tolerance) == "");
  model.backward(x_map, matrix_of<const T>(y, y_shape), matrix_of<T>(dy, y_shape),
                 matrix_of<T>(dx, x_shape), pass);
  CHECK(first_difference(dx, golden.array<T>(name + "/dx"), tolerance) == "");
  if (c.at("weights").empty()) return;
  std::size_t i = 0;
  for (const NamedParameter<T>& parameter : model.parameters()) {
    const std::string weight = c.at("weights").at(i++).at("name");
    CAPTURE(weight);
    CHECK(parameter.shape == golden.shape(name + "/weights/" + weight));
    CHECK(first_difference(parameter.gradient(), golden.array<T>(name + "/dweights/" + weight),
                           tolerance) == "");
  }
}

}  // namespace

TEST_SUITE("golden/layers") {
  TEST_CASE_TEMPLATE("Layers: results and gradients are Keras'", T, float, double) {
    const Golden golden("layers");
    int num_cases = 0;
    for (const json& c : golden.cases()) {
      Sequential<T> model;
      if (!make_model(model, c)) continue;
      CAPTURE(c.at("name").get<std::string>());
      check_case(model, golden, c);
      ++num_cases;
    }
    // Conv2D 10 (all but groups), MaxPooling2D 3, Dense 3 (all but gelu), Flatten, Rescaling 2,
    // ReLU 5, Softmax, Dropout 2; Activation 6: linear, relu, sigmoid, tanh, softmax and softmax of
    // large numbers
    CHECK(num_cases == 33);
  }
}

}  // namespace nn
