// SPDX-License-Identifier: MIT
// Whole training runs against Keras': losses of each step, values of each epoch, weights at the
// end.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nn/losses/sparse_categorical_crossentropy.hpp"
#include "nn/metrics/accuracy.hpp"
#include "nn/training/fit.hpp"
#include "nn/training/train_on_batch.hpp"
#include "tests/golden/golden.hpp"
#include "tests/golden/keras_optimizers.hpp"
#include "tests/golden/tally.hpp"

namespace nn {
namespace {

using nlohmann::json;
using testing::first_difference;
using testing::Golden;

/// Appends the layers of a run. Returns why it can't be, or "".
template <Real T>
std::string add_layers(Sequential<T>& model, const json& c) {
  for (const json& layer : c.at("model")) {
    const std::string why_not = testing::add_layer(model, layer[0], layer[1]);
    if (!why_not.empty()) return layer[0].get<std::string>() + ": " + why_not;
  }
  return "";
}

template <Real T>
void set_initial_weights(Sequential<T>& model, const Golden& golden, const json& c) {
  model.build(testing::shape_from(c.at("input")));
  std::vector<std::string> names;
  for (const auto& parameter : model.parameters()) names.push_back(parameter.name);
  CHECK(names == c.at("weights").get<std::vector<std::string>>());
  testing::set_weights(model, golden, c.at("run").get<std::string>() + "/initial/", names);
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
void check_run_by_batch(Sequential<T>& model, const Golden& golden, const json& c) {
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

/// Arguments of `fit` from Keras' and the batch size. Returns why there are none, or "".
std::string read_fit_options(json fit, Index batch_size, FitOptions& options) {
  const json class_weight = fit.value("class_weight", json::object());
  for (const auto& [label, weight] : class_weight.items()) {
    options.class_weight[std::stoi(label)] = weight;
  }
  fit.erase("class_weight");
  fit["batch_size"] = batch_size;
  const testing::KerasArguments keras("methods", "fit", fit);
  const Arguments& a = keras.arguments();
  options.batch_size = a.get<Index>("batch_size");
  options.epochs = a.get<Index>("epochs");
  options.validation_split = a.get<double>("validation_split");
  options.shuffle = a.get<bool>("shuffle");
  return keras.left_out();
}

template <Real T>
void check_run_by_fit(Sequential<T>& model, const Golden& golden, const json& c,
                      const FitOptions& options) {
  const Data<T> data(golden, c.at("run"));
  const Index count = data.shape[0];
  const History history = model.fit(data.samples(0, count), data.labels(0, count), options);
  for (const auto& column : c.at("history").items()) {
    const std::string& name = column.key();
    const std::vector<double> expected = column.value();
    CAPTURE(name);
    CHECK(first_difference(history[name], expected, testing::tolerance_of<T>(c)) == "");
  }
  check_weights(model, golden, c);
}

/// Returns why the run can't be made, or "".
template <Real T>
std::string check_run(const Golden& golden, const json& c) {
  const std::string name = c.at("name");
  CAPTURE(name);
  CAPTURE(sizeof(T));
  Sequential<T> model;
  std::string why_not = add_layers(model, c);
  FitOptions options{.verbose = Verbose::silent};
  if (why_not.empty() && c.contains("fit")) {
    why_not = read_fit_options(c.at("fit"), c.at("batch").get<Index>(), options);
  }
  if (!why_not.empty()) return why_not;
  return testing::use_optimizer(
      c.at("optimizer"), c.at("optimizer_config"), [&](const auto& optimizer) {
        set_initial_weights(model, golden, c);
        model.compile(optimizer, SparseCategoricalCrossentropy{}, {Accuracy{}});
        if (c.contains("fit")) check_run_by_fit(model, golden, c, options);
        if (!c.contains("fit")) check_run_by_batch(model, golden, c);
      });
}

}  // namespace

TEST_SUITE("golden/runs") {
  TEST_CASE("Training: losses, histories and weights are Keras'") {
    const Golden golden("runs");
    testing::Tally tally("runs");
    for (const json& c : golden.cases()) {
      const std::string why_not = check_run<float>(golden, c);
      CHECK(check_run<double>(golden, c) == why_not);
      tally.add(c.at("name"), why_not);
    }
    tally.print();
    CHECK(tally.num_run() >= 9);
  }
}

}  // namespace nn
