// SPDX-License-Identifier: MIT
// Attention layers in a model against what Keras computes: result, gradients of inputs and weights.
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

/// The arguments of a case as a file would have them.
Arguments arguments_of(const json& c) {
  const std::string text = c.at("config").dump(), name = c.at("layer");
  io::JsonReader reader(text, name);
  Arguments arguments = io::read_arguments(reader);
  arguments.set_owner(name);
  return arguments;
}

bool is_masked(const json& c) {
  return c.at("name").get<std::string>().find("masked") != std::string::npos;
}

/// Makes results of masked steps, in which all of x is 0, 0 too.
template <Real T>
void clear_masked(const json& c, const std::vector<T>& x, std::vector<T>& y) {
  if (!is_masked(c)) return;
  const auto size = c.at("input_shapes").at(0).at(2).get<std::size_t>();
  const std::size_t rows = x.size() / size, out = y.size() / rows;
  for (std::size_t row = 0; row < rows; ++row) {
    const T* const first = x.data() + row * size;
    if (kernels::differs_from(first, static_cast<Index>(size), T(0))) continue;
    std::fill_n(y.data() + row * out, out, T(0));
  }
}

template <Real T>
Model<T> model_of(const Golden& golden, const json& c) {
  std::vector<Value<T>> inputs;
  for (const json& sizes : c.at("input_shapes")) {
    const Shape shape = testing::shape_from(sizes);
    inputs.push_back(Input<T>(Shape(shape.begin() + 1, shape.end())));
  }
  std::vector<Value<T>> read = inputs;
  if (is_masked(c)) {
    for (Value<T>& input : read) input = input | Masking<T>{};
  }
  const Arguments arguments = arguments_of(c);
  const std::vector<Value<T>> outputs =
      c.at("layer") == "Attention" ? apply(Attention<T>::from_arguments(arguments), read)
                                   : apply(MultiHeadAttention<T>::from_arguments(arguments), read);
  CHECK(arguments.unread().empty());
  Model<T> model(inputs, outputs);
  std::size_t i = 0;
  for (const NamedParameter<T>& parameter : model.parameters()) {
    const std::string weight = c.at("weights").at(i++).at("name");
    CHECK(parameter.name.ends_with("." + weight));
    const std::string name = c.at("name").get<std::string>() + "/weights/" + weight;
    CHECK(parameter.shape == golden.shape(name));
    const std::vector<T> values = golden.array<T>(name);
    std::copy(values.begin(), values.end(), parameter.value().data());
  }
  CHECK(i == c.at("weights").size());
  return model;
}

template <Real T>
void check_attention_case(const Golden& golden, const json& c) {
  const std::string name = c.at("name");
  CAPTURE(name);
  CAPTURE(sizeof(T));
  const double tolerance = testing::tolerance_of<T>(c);
  Model<T> model = model_of<T>(golden, c);
  model.zero_gradients();
  std::vector<std::vector<T>> x, dx;
  std::vector<const T*> ins;
  std::vector<T*> gradients;
  for (std::size_t i = 0; i < c.at("input_shapes").size(); ++i) {
    x.push_back(golden.array<T>(name + "/x" + std::to_string(i)));
    dx.emplace_back(x.back().size(), T(7));
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    ins.push_back(x[i].data());
    gradients.push_back(dx[i].data());
  }
  const std::vector<T> expected = golden.array<T>(name + "/y"), dy = golden.array<T>(name + "/dy");
  std::vector<T> y(expected.size());
  T* const out = y.data();
  auto& network = detail::ModelAccess::network(model);
  const Index batch = c.at("output_shape").at(0);
  Workspace workspace;
  const MemoryLayout& inference = network.layout(workspace.layouts(), batch, false);
  network.forward(ins, {.memory = workspace.reserve(inference.num_bytes)}, inference, {&out, 1});
  clear_masked(c, x[0], y);
  CHECK(first_difference(y, expected, tolerance) == "");

  const MemoryLayout& layout = network.layout(workspace.layouts(), batch, true);
  std::byte* const memory = workspace.reserve(layout.num_bytes);
  const Pass pass{.training = true, .memory = memory};
  network.forward(ins, pass, layout, {});
  std::copy_n(network.result(0, ins, memory, layout), y.size(), out);
  clear_masked(c, x[0], y);
  CHECK(first_difference(y, expected, tolerance) == "");
  std::copy(dy.begin(), dy.end(), network.result_gradient(0, memory, layout));
  network.backward(ins, pass, layout, gradients);
  for (std::size_t i = 0; i < dx.size(); ++i) {
    CAPTURE(i);
    CHECK(first_difference(dx[i], golden.array<T>(name + "/dx" + std::to_string(i)), tolerance) ==
          "");
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

TEST_SUITE("golden/attention") {
  TEST_CASE("Attention layers: results and gradients are Keras'") {
    const Golden golden("attention");
    for (const json& c : golden.cases()) {
      check_attention_case<float>(golden, c);
      check_attention_case<double>(golden, c);
    }
    CHECK(golden.cases().size() >= 11);
  }
}

}  // namespace nn
