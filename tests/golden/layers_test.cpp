// SPDX-License-Identifier: MIT
// Layers against what Keras computes: result, gradient of the input, gradients of the weights.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/golden/golden.hpp"
#include "tests/golden/keras_arguments.hpp"
#include "tests/golden/tally.hpp"

namespace nn {
namespace {

using nlohmann::json;
using testing::first_difference;
using testing::Golden;

/// The layer of a case as a model. Keras' functions with arguments are layers, or activations with
/// a name. Returns why the case can't be run, or "".
template <Real T>
std::string make_model(Sequential<T>& model, const json& c) {
  const json& config = c.at("config");
  const auto layer = c.at("layer").get<std::string>();
  if (layer != "Activation" || config.size() == 1) return testing::add_layer(model, layer, config);
  const auto function = config.at("activation").get<std::string>();
  json own = json::object();
  if (function == "gelu" && config.at("approximate").get<bool>()) {
    own["activation"] = "gelu_tanh";
    return testing::add_layer(model, layer, own);
  }
  for (const auto& [key, value] : config.items()) {
    if (key != "activation") own[key] = value;
  }
  const char* const with_arguments = function == "elu"          ? "ELU"
                                     : function == "leaky_relu" ? "LeakyReLU"
                                                                : "unknown";
  return testing::add_layer(model, with_arguments, own);
}

template <Real T>
void set_case_weights(Sequential<T>& model, const Golden& golden, const json& c) {
  std::vector<std::string> names;
  for (const json& weight : c.at("weights")) names.push_back(weight.at("name"));
  // Keras has no weights for the statistics that it gives Normalization as arguments.
  if (names.empty() && c.at("layer") == "Normalization") return;
  testing::set_weights(model, golden, c.at("name").get<std::string>() + "/weights/", names);
}

/// After a training pass: gradients, and the new values of what no gradient changes.
template <Real T>
void check_weights_after(Sequential<T>& model, const Golden& golden, const json& c) {
  const std::string name = c.at("name");
  const double tolerance = testing::tolerance_of<T>(c);
  if (c.at("weights").empty()) return;
  std::size_t i = 0;
  for (const NamedParameter<T>& parameter : model.parameters()) {
    const json& keras = c.at("weights").at(i++);
    const std::string weight = keras.at("name");
    CAPTURE(weight);
    CHECK(parameter.shape == golden.shape(name + "/weights/" + weight));
    CHECK(parameter.is_trained() == keras.at("trainable").get<bool>());
    if (parameter.is_trained()) {
      CHECK(first_difference(parameter.gradient(), golden.array<T>(name + "/dweights/" + weight),
                             tolerance) == "");
    } else {
      CHECK(first_difference(parameter.value(), golden.array<T>(name + "/after/" + weight),
                             tolerance) == "");
    }
  }
}

/// Returns why the case can't be run, or "".
template <Real T>
std::string check_layer_case(const Golden& golden, const json& c) {
  Sequential<T> model;
  std::string why_not = make_model(model, c);
  if (!why_not.empty()) return why_not;
  const std::string name = c.at("name");
  CAPTURE(name);
  CAPTURE(sizeof(T));
  const double tolerance = testing::tolerance_of<T>(c);
  const Shape x_shape = testing::shape_from(c.at("input_shape"));
  const Shape y_shape = testing::shape_from(c.at("output_shape"));
  model.build(Shape(x_shape.begin() + 1, x_shape.end()));
  set_case_weights(model, golden, c);
  model.zero_gradients();
  CHECK(model.output_shape() == Shape(y_shape.begin() + 1, y_shape.end()));

  const std::vector<T> x = golden.array<T>(name + "/x"), expected = golden.array<T>(name + "/y");
  const std::vector<T> dy = golden.array<T>(name + "/dy");
  std::vector<T> y(expected.size()), dx(x.size(), T(7));  // 7: dx has to be assigned
  auto& network = detail::ModelAccess::network(model);
  Workspace workspace;

  // Inference, unless Keras' result is that of training
  const Index batch = x_shape[0];
  const MemoryLayout& inference = network.layout(workspace.layouts(), batch, false);
  std::byte* memory = workspace.reserve(inference.num_bytes);
  const T* const in = x.data();
  T *const out = y.data(), *const dx_out = dx.data();
  const std::span ins(&in, 1);
  network.forward(ins, Pass{.memory = memory}, inference, std::span(&out, 1));
  if (!c.at("training").get<bool>()) CHECK(first_difference(y, expected, tolerance) == "");

  // Training; cases called inference_... are of layers that do something else then, unless they
  // have state and are frozen
  const bool is_inference = name.find("inference") != std::string::npos;
  if (is_inference) {
    const auto& weights = c.at("weights");
    const auto is_state = [](const json& weight) { return !weight.at("trainable").get<bool>(); };
    if (std::none_of(weights.begin(), weights.end(), is_state)) return "";
    model.freeze();
  }
  const MemoryLayout& layout = network.layout(workspace.layouts(), batch, true);
  memory = workspace.reserve(layout.num_bytes);
  const Pass pass{.training = true, .memory = memory};
  network.forward(ins, pass, layout, {});
  std::copy_n(network.result(0, ins, memory, layout), y.size(), y.data());
  CHECK(first_difference(y, expected, tolerance) == "");
  std::copy(dy.begin(), dy.end(), network.result_gradient(0, memory, layout));
  network.backward(ins, pass, layout, std::span(&dx_out, 1));
  if (c.at("layer") != "Embedding") {  // indices have no gradient
    CHECK(first_difference(dx, golden.array<T>(name + "/dx"), tolerance) == "");
  }
  if (is_inference) return "";
  network.update_state(pass, layout);
  check_weights_after(model, golden, c);
  return "";
}

}  // namespace

TEST_SUITE("golden/layers") {
  TEST_CASE("Layers: results and gradients are Keras'") {
    const Golden golden("layers");
    testing::Tally tally("layers");
    int num_refused = 0;  // cases of layers that the library has
    for (const json& c : golden.cases()) {
      const std::string why_not = check_layer_case<float>(golden, c);
      CHECK(check_layer_case<double>(golden, c) == why_not);
      tally.add(c.at("layer"), why_not);
      num_refused += !why_not.empty() && why_not != "no such layer";
    }
    tally.print();
    // These three leave room for a layer that comes or goes, but for no case of one that stays.
    CHECK(tally.total() >= 121);
    CHECK(num_refused <= 7);
    CHECK(tally.num_run() >= 121);
  }
}

}  // namespace nn
