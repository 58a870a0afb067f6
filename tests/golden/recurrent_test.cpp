// SPDX-License-Identifier: MIT
// Recurrent layers with their states as inputs and results against what Keras computes: results,
// gradients of inputs and weights.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "nn/model/value.hpp"
#include "tests/golden/golden.hpp"
#include "tests/golden/keras_arguments.hpp"

namespace nn {
namespace {

using nlohmann::json;
using testing::first_difference;
using testing::Golden;
using testing::KerasArguments;

/// What the layer of a case makes of these values.
template <Real T>
std::vector<Value<T>> results_of(const json& c, const std::vector<Value<T>>& inputs) {
  json config = c.at("config");
  const bool is_both = c.at("layer") == "Bidirectional";
  const std::string name = is_both ? config.at("layer") : c.at("layer");
  config.erase("layer");
  const KerasArguments keras("layers", name, config);
  const auto made = [&]<class L>(L layer) {
    CHECK(keras.left_out() == "");
    if (is_both) return apply(Bidirectional<T>(std::move(layer)), inputs);
    return apply(std::move(layer), inputs);
  };
  if (name == "LSTM") return made(LSTM<T>::from_arguments(keras.arguments()));
  if (name == "GRU") return made(GRU<T>::from_arguments(keras.arguments()));
  return made(SimpleRNN<T>::from_arguments(keras.arguments()));
}

template <Real T>
Model<T> recurrent_model(const Golden& golden, const json& c) {
  std::vector<Value<T>> inputs;
  for (const json& sizes : c.at("input_shapes")) {
    const Shape shape = testing::shape_from(sizes);
    inputs.push_back(Input<T>(Shape(shape.begin() + 1, shape.end())));
  }
  std::vector<Value<T>> read = inputs;
  const std::string name = c.at("name");
  if (name.find("masked") != std::string::npos) read[0] = inputs[0] | Masking<T>{};
  Model<T> model(inputs, results_of<T>(c, read));
  std::size_t i = 0;
  for (const NamedParameter<T>& parameter : model.parameters()) {
    const std::string weight = c.at("weights").at(i++).at("name");
    CHECK(parameter.name.ends_with("." + weight.substr(weight.find('/') + 1)));
    const std::string stored = name + "/weights/" + weight;
    CHECK(parameter.shape == golden.shape(stored));
    const std::vector<T> values = golden.array<T>(stored);
    std::copy(values.begin(), values.end(), parameter.value().data());
  }
  CHECK(i == c.at("weights").size());
  return model;
}

template <Real T>
void check_recurrent_case(const Golden& golden, const json& c) {
  const std::string name = c.at("name");
  CAPTURE(name);
  CAPTURE(sizeof(T));
  const double tolerance = testing::tolerance_of<T>(c);
  Model<T> model = recurrent_model<T>(golden, c);
  model.zero_gradients();
  const auto arrays = [&](const char* kind, std::size_t count) {
    std::vector<std::vector<T>> list;
    for (std::size_t i = 0; i < count; ++i) {
      list.push_back(golden.array<T>(name + "/" + kind + std::to_string(i)));
    }
    return list;
  };
  const std::size_t num_inputs = c.at("input_shapes").size();
  const std::size_t num_results = c.at("output_shapes").size();
  const auto x = arrays("x", num_inputs), expected_dx = arrays("dx", num_inputs);
  const auto expected = arrays("y", num_results), dy = arrays("dy", num_results);
  REQUIRE(model.output_shapes().size() == num_results);
  auto y = expected, dx = expected_dx;
  std::vector<const T*> ins;
  std::vector<T*> outs, gradients;
  for (const auto& each : x) ins.push_back(each.data());
  for (auto& each : y) outs.push_back(std::fill_n(each.data(), each.size(), T(7)) - each.size());
  for (auto& each : dx) {
    gradients.push_back(std::fill_n(each.data(), each.size(), T(7)) - each.size());
  }
  const auto check_results = [&] {
    for (std::size_t i = 0; i < num_results; ++i) {
      CAPTURE(i);
      CHECK(first_difference(y[i], expected[i], tolerance) == "");
    }
  };
  auto& network = detail::ModelAccess::network(model);
  const Index batch = c.at("input_shapes").at(0).at(0);
  Workspace workspace;
  const MemoryLayout& inference = network.layout(workspace.layouts(), batch, false);
  network.forward(ins, {.memory = workspace.reserve(inference.num_bytes)}, inference, outs);
  check_results();

  const MemoryLayout& layout = network.layout(workspace.layouts(), batch, true);
  std::byte* const memory = workspace.reserve(layout.num_bytes);
  const Pass pass{.training = true, .memory = memory};
  network.forward(ins, pass, layout, {});
  for (std::size_t i = 0; i < num_results; ++i) {
    std::copy_n(network.result(i, ins, memory, layout), y[i].size(), outs[i]);
    std::copy(dy[i].begin(), dy[i].end(), network.result_gradient(i, memory, layout));
  }
  check_results();
  network.backward(ins, pass, layout, gradients);
  for (std::size_t i = 0; i < num_inputs; ++i) {
    CAPTURE(i);
    CHECK(first_difference(dx[i], expected_dx[i], tolerance) == "");
  }
  std::size_t i = 0;
  for (const NamedParameter<T>& parameter : model.parameters()) {
    CAPTURE(parameter.name);
    const std::string weight = c.at("weights").at(i++).at("name");
    CHECK(first_difference(parameter.gradient(), golden.array<T>(name + "/dweights/" + weight),
                           tolerance) == "");
  }
}

}  // namespace

TEST_SUITE("golden/recurrent") {
  TEST_CASE("Recurrent layers: results, states and gradients are Keras'") {
    const Golden golden("recurrent");
    for (const json& c : golden.cases()) {
      check_recurrent_case<float>(golden, c);
      check_recurrent_case<double>(golden, c);
    }
    CHECK(golden.cases().size() >= 16);
  }
}

}  // namespace nn
