// SPDX-License-Identifier: MIT
// Files of graphs.
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "nn/sequential.hpp"
#include "tests/io/temporary_folder.hpp"
#include "tests/testing/own_layers.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::random_tensor;
using testing::RandomMask;
using testing::read_text;
using testing::TemporaryFolder;
using testing::weights_of;

std::string refusal_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const IoError& error) {
    return error.what();
  }
  return "no IoError";
}

/// Two inputs and outputs, a layer used twice, a model inside, one more inside of that, a value
/// that is read and a result.
Model<float> rich_graph() {
  const Input<float> a{{4}, "a"}, b{{4}};
  const SharedLayer<float> shared{Dense{4, {.activation = Activation::tanh}}};
  const Model<float> pair({a, b}, {add({a | BatchNormalization{}, b}), b | Dense{3}});
  const auto made = apply(pair, {a | shared, b | shared | RandomMask{0.2}});
  const Sequential<float> head{Dense{3}, Residual{Dense{3}}};
  const auto classes = concatenate({made[0], made[1]}) | head | Softmax{};
  Model<float> model({a, b}, {classes.named("classes"), made[0]}, {.seed = 8});
  model.compile(Adam{{.learning_rate = 0.01}},
                {SparseCategoricalCrossentropy{}, MeanSquaredError{}}, {{Accuracy{}}, {}},
                {.loss_weights = {1, 0.25}});
  return model;
}

struct Data {
  Tensor<float, 2> a = random_tensor<float, 2>({20, 4}, 1), b = random_tensor<float, 2>({20, 4}, 2);
  Labels classes = counted_labels(20, 3);
  Tensor<float, 2> values = random_tensor<float, 2>({20, 4}, 3);
  std::vector<Samples> x{Samples(a), Samples(b)};
  std::vector<Targets> y{Targets(classes), Targets(values)};
};

/// A graph's description: nodes over one input of shape [4].
std::string graph(const std::string& nodes, const std::string& outputs = "[1]",
                  const std::string& shapes = "[[4]]", const std::string& names = R"([""])") {
  return R"({"class_name":"Model","input_shapes":)" + shapes + R"(,"input_names":)" + names +
         R"(,"nodes":[)" + nodes + R"(],"outputs":)" + outputs + "}";
}
std::string relu(const std::string& inputs) {
  return R"({"class_name":"ReLU","config":{"negative_slope":0,"threshold":0},"inputs":)" + inputs +
         "}";
}
std::string used_again(const std::string& layer, const std::string& inputs) {
  return R"({"layer":)" + layer + R"(,"inputs":)" + inputs + "}";
}

}  // namespace

TEST_SUITE("io/graph_file") {
  TEST_CASE("save, load: a graph comes back bit for bit") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model");
    const Model<float> model = rich_graph();
    model.save(path);
    const auto loaded = nn::load<RandomMask<float>>(path);
    CHECK(loaded.summary() == model.summary());
    CHECK(weights_of(loaded) == weights_of(model));
    CHECK_FALSE(loaded.is_compiled());
    const Data data;
    const auto [y, z] = model.predict<2, 2>(data.x);
    const auto [loaded_y, loaded_z] = loaded.predict<2, 2>(data.x);
    CHECK(std::equal(y.data(), y.data() + y.size(), loaded_y.data()));
    CHECK(std::equal(z.data(), z.data() + z.size(), loaded_z.data()));
    loaded.save(folder.path("again"));
    CHECK(read_text(folder.path("again")) == read_text(path));
    CHECK(refusal_of([&] {
            static_cast<void>(Sequential<float>::load<RandomMask<float>>(path));
          }) == path + ": expected a chain of layers, got a graph; load it as nn::Model");
  }

  TEST_CASE("save, load: with its optimizer a graph goes on to the same bits") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model");
    const Data data;
    Model<float> model = rich_graph();
    const FitOptions options{.batch_size = 8, .epochs = 2, .verbose = Verbose::silent};
    model.fit(data.x, data.y, options);
    model.save(path, {.optimizer = true});
    auto loaded = nn::load<RandomMask<float>>(path);
    REQUIRE(loaded.is_compiled());
    const Scores expected = model.evaluate(data.x, data.y), got = loaded.evaluate(data.x, data.y);
    CHECK(to_string(expected) == to_string(got));
    CHECK(got.find("classes_accuracy") != nullptr);
    const History there = model.fit(data.x, data.y, options);
    const History here = loaded.fit(data.x, data.y, options);
    CHECK(weights_of(loaded) == weights_of(model));
    CHECK(there["loss"] == here["loss"]);
  }

  TEST_CASE("load: a chain's file is one for Model too") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model");
    Sequential<float> model{Dense{3}, ReLU{}};
    model.build({4}, {.seed = 2});
    model.save(path);
    const auto loaded = Model<float>::load(path);
    CHECK(weights_of(loaded) == weights_of(model));
    CHECK(loaded.summary() == model.summary());
  }

  TEST_CASE("load: graphs that make no sense are refused") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model"), where = path + ", architecture: ";
    const auto load = [&](const std::string& architecture) {
      io::SafetensorsWriter writer;
      writer.set_metadata("format", "nn.sequential");
      writer.set_metadata("format_version", "3");
      writer.set_metadata("architecture", architecture);
      writer.write(path);
      return refusal_of([&] { static_cast<void>(nn::load(path)); });
    };
    CHECK(load(graph(relu("[0]"))) == "no IoError");
    CHECK(load(graph(relu("[0]") + "," + used_again("0", "[1]"), "[0,2,2]")) == "no IoError");
    // values that are not there, or not yet
    CHECK(load(graph(relu("[1]"))) == where + "expected values from 0 to 0, got 1 (byte 71)");
    CHECK(load(graph(relu("[-1]"))) == where + "expected values from 0 to 0, got -1 (byte 71)");
    CHECK(load(graph(relu("[2]") + "," + relu("[0]"))) ==
          where + "expected values from 0 to 0, got 2 (byte 71)");
    CHECK(load(graph(relu("[0]"), "[2]")) == where + "expected values from 0 to 1, got 2 (byte 0)");
    CHECK(load(graph(relu("[]"))) == where + "expected one value or more, got none (byte 71)");
    CHECK(load(graph(relu("[0,0]"))) == where + "Model, layer 0: ReLU: expected one input, got 2");
    CHECK(load(graph(R"({"class_name":"ReLU","config":{"negative_slope":0,"threshold":0}})")) ==
          where + "expected one value or more, got none (byte 71)");
    // layers that are not there
    CHECK(load(graph(relu("[0]") + "," + used_again("1", "[1]"))) ==
          where +
              "expected the number of a layer from before, and inputs, got something else (byte "
              "150)");
    CHECK(load(graph(relu("[0]") + "," + used_again("-1", "[1]"))) ==
          where +
              "expected the number of a layer from before, and inputs, got something else (byte "
              "150)");
    CHECK(
        load(graph(used_again("0", "[0]"))) ==
        where +
            "expected the number of a layer from before, and inputs, got something else (byte 71)");
    CHECK(load(graph(R"({"layer":0})")) ==
          where + "expected one value or more, got none (byte 71)");
    CHECK(load(graph(relu("[0]") + R"(,{"layer":0,"inputs":[0],"name":"x"})")) ==
          where +
              "expected the number of a layer from before, and inputs, got something else (byte "
              "150)");
    // ends
    CHECK(load(graph(relu("[0]"), "[]")) == where +
                                                "expected shapes and names of one input or more, "
                                                "and outputs, got other lists (byte 0)");
    CHECK(load(graph(relu("[0]"), "[1]", "[[4],[4]]")) ==
          where +
              "expected shapes and names of one input or more, and outputs, got other lists (byte "
              "0)");
    CHECK(load(graph(relu("[0]"), "[1]", "[]", "[]")) ==
          where +
              "expected shapes and names of one input or more, and outputs, got other lists (byte "
              "0)");
    CHECK(load(graph("", "[0]")) == where + "Model: expected at least one layer, got none");
    CHECK(load(R"({"class_name":"Model","input_shapes":[[4]],"nodes":[],"outputs":[0]})") ==
          where +
              "expected a Sequential with input_shape and layers, or a Model with nodes, got "
              "something else (byte 0)");
    std::string many = "0";
    for (int i = 0; i < 1000; ++i) many += ",0";
    CHECK(load(graph(relu("[0]"), "[" + many + "]")) ==
          where + "Model: expected at most 1000 inputs and outputs, got 1001");
    CHECK(load(graph(relu("[" + many + "]"))) ==
          where + "Model, layer 0: ReLU: expected one input, got 1001");
    // a node of a graph in a chain
    CHECK(load(R"({"class_name":"Sequential","input_shape":[4],"layers":[)" + relu("[0]") + "]}") ==
          where + "expected layers of a chain, got a node of a graph (byte 55)");
  }

  TEST_CASE("load: graphs of very many uses are refused before they take time or memory") {
    const TemporaryFolder folder;
    const std::string path = folder.path("model"), where = path + ", architecture: ";
    const auto load = [&](const std::string& architecture) {
      io::SafetensorsWriter writer;
      writer.set_metadata("format", "nn.sequential");
      writer.set_metadata("format_version", "3");
      writer.set_metadata("architecture", architecture);
      writer.write(path);
      return refusal_of([&] { static_cast<void>(nn::load(path)); });
    };
    // a model inside of a model, each used ten times: 10^20 layers
    std::string nested = relu("[0]");
    for (int depth = 0; depth < 20; ++depth) {
      std::string inner = graph(nested);
      inner.insert(inner.size() - 1, R"(,"inputs":[0])");
      nested = inner;
      for (int i = 1; i < 10; ++i) nested += "," + used_again("0", "[0]");
    }
    CHECK(load(graph(nested)) == where + "Model: expected at most 100000 uses of layers, got more");
    // models without any layer
    nested = "";
    for (int depth = 0; depth < 28; ++depth) {
      std::string inner = graph(nested, "[0]");
      inner.insert(inner.size() - 1, R"(,"inputs":[0])");
      nested = inner;
      for (int i = 1; i < 10; ++i) nested += "," + used_again("0", "[0]");
    }
    CHECK(load(graph(nested)) == where + "Model: expected at most 100000 uses of layers, got more");
    // deeper than the reader goes
    nested = relu("[0]");
    for (int depth = 0; depth < 70; ++depth) {
      nested = graph(nested);
      nested.insert(nested.size() - 1, R"(,"inputs":[0])");
    }
    CHECK(load(graph(nested))
              .starts_with(where +
                           "expected at most 64 arrays and objects inside one another, got more"));
    // as long as a file may be
    std::string nodes = relu("[0]");
    Index count = 1;
    for (; nodes.size() < 1000000; ++count) {
      nodes += "," + used_again("0", "[" + std::to_string(count) + "]");
    }
    CHECK(load(graph(nodes, "[" + std::to_string(count) + "]")) == "no IoError");
    CHECK(count > 30000);
  }
}

}  // namespace nn
