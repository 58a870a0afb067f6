// SPDX-License-Identifier: MIT
// Whole training runs against Keras': losses of each step, values of each epoch, weights at the
// end.
#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "nn/losses/sparse_categorical_crossentropy.hpp"
#include "nn/metrics/accuracy.hpp"
#include "nn/optimizers/adam.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/training/fit.hpp"
#include "nn/training/train_on_batch.hpp"
#include "tests/golden/golden.hpp"
#include "tests/golden/keras_arguments.hpp"

namespace nn {
namespace {

using nlohmann::json;
using testing::first_difference;
using testing::Golden;

template <Real T>
Sequential<T> make_model(const Golden& golden, const json& c) {
  Sequential<T> model;
  for (const json& layer : c.at("model")) {
    REQUIRE(testing::add_layer(model, layer[0], layer[1]) == "");
  }
  model.build(testing::shape_from(c.at("input")));
  std::vector<std::string> names;
  for (const auto& parameter : model.parameters()) names.push_back(parameter.name);
  CHECK(names == c.at("weights").get<std::vector<std::string>>());
  testing::set_weights(model, golden, c.at("run").get<std::string>() + "/initial/", names);
  const json& config = c.at("optimizer_config");
  if (c.at("optimizer") == "SGD") {
    model.compile(SGD{{.learning_rate = config.value("learning_rate", 0.01),
                       .momentum = config.value("momentum", 0.0),
                       .nesterov = config.value("nesterov", false)}},
                  SparseCategoricalCrossentropy{}, {Accuracy{}});
  } else {
    model.compile(Adam{{.amsgrad = config.value("amsgrad", false)}},
                  SparseCategoricalCrossentropy{}, {Accuracy{}});
  }
  return model;
}

/// Samples and labels of a run.
template <Real T>
struct Data {
  Data(const Golden& golden, const std::string& run)
      : x(golden.array<T>(run + "/x")),
        y(golden.array<std::int32_t>(run + "/y")),
        shape(golden.shape(run + "/x")) {}

  [[nodiscard]] ConstTensorMap<T, 4> samples(Index first, Index count) const {
    const Index size = shape.num_elements() / shape[0];
    return map_tensor<4>(x.data() + first * size, {count, shape[1], shape[2], shape[3]});
  }
  [[nodiscard]] ConstTensorMap<std::int32_t, 1> labels(Index first, Index count) const {
    return map_tensor<1>(y.data() + first, {count});
  }

  std::vector<T> x;
  std::vector<std::int32_t> y;
  Shape shape;  // of x
};

template <Real T>
void check_weights(const Sequential<T>& model, const Golden& golden, const json& c) {
  for (const auto& parameter : model.parameters()) {
    CAPTURE(parameter.name);
    const std::string name = c.at("name").get<std::string>() + "/final/" + parameter.name;
    CHECK(first_difference(parameter.value(), golden.array<T>(name), testing::tolerance_of<T>(c)) ==
          "");
  }
}

template <Real T>
void check_steps(const Golden& golden, const json& c) {
  Sequential<T> model = make_model<T>(golden, c);
  const Data<T> data(golden, c.at("run"));
  const auto expected = c.at("losses").get<std::vector<double>>();
  std::vector<double> losses;
  const Index batch_size = c.at("batch").get<Index>();
  for (Index step = 0; step < static_cast<Index>(expected.size()); ++step) {
    const Index first = step * batch_size % data.shape[0];
    losses.push_back(model.train_on_batch(data.samples(first, batch_size),
                                          data.labels(first, batch_size))["loss"]);
  }
  CHECK(first_difference(losses, expected, testing::tolerance_of<T>(c)) == "");
  check_weights(model, golden, c);
}

template <Real T>
void check_fit(const Golden& golden, const json& c) {
  Sequential<T> model = make_model<T>(golden, c);
  const Data<T> data(golden, c.at("run"));
  const json& fit = c.at("fit");
  const Index count = data.shape[0];
  std::map<std::int32_t, double> class_weight;
  if (fit.contains("class_weight")) {
    for (const auto& [label, weight] : fit.at("class_weight").items()) {
      class_weight[std::stoi(label)] = weight;
    }
  }
  const History history = model.fit(data.samples(0, count), data.labels(0, count),
                                    {.batch_size = c.at("batch").get<Index>(),
                                     .epochs = fit.at("epochs").get<Index>(),
                                     .verbose = Verbose::silent,
                                     .validation_split = fit.at("validation_split").get<double>(),
                                     .shuffle = fit.at("shuffle").get<bool>(),
                                     .class_weight = class_weight});
  for (const auto& column : c.at("history").items()) {
    const std::string& name = column.key();
    const std::vector<double> expected = column.value();
    CAPTURE(name);
    CHECK(first_difference(history[name], expected, testing::tolerance_of<T>(c)) == "");
  }
  check_weights(model, golden, c);
}

}  // namespace

TEST_SUITE("golden/runs") {
  TEST_CASE_TEMPLATE("Training: losses, histories and weights are Keras'", T, float, double) {
    const Golden golden("runs");
    const std::set<std::string> by_batch{"small/sgd", "small/sgd_momentum", "small/sgd_nesterov",
                                         "small/adam", "small/adam_amsgrad"};
    const std::set<std::string> by_fit{"digits/adam", "digits/sgd", "digits/class_weight"};
    int num_cases = 0;
    for (const json& c : golden.cases()) {
      const std::string name = c.at("name");
      CAPTURE(name);
      if (by_batch.contains(name)) check_steps<T>(golden, c);
      if (by_fit.contains(name)) check_fit<T>(golden, c);
      num_cases += by_batch.contains(name) || by_fit.contains(name);
    }
    CHECK(num_cases == 8);
  }
}

}  // namespace nn
