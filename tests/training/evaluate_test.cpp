// SPDX-License-Identifier: MIT
#include "nn/training/evaluate.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "nn/metrics/precision.hpp"
#include "nn/training/fit.hpp"
#include "nn/training/train_on_batch.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::image_model;
using testing::random_tensor;

/// A metric with any name.
struct Named {
  std::string text;

  [[nodiscard]] std::string name() const { return text; }
  void reset() {}
  template <Real T>
  void update(const ScoredBatch<T>&) {}
  [[nodiscard]] double result() const { return 7; }
};

/// The names of metrics in scores.
std::vector<std::string> names_in_scores(const std::vector<Metric>& metrics) {
  Sequential model{Dense{2}, Softmax{}};
  model.build({2});
  model.compile(Adam{}, SparseCategoricalCrossentropy{}, metrics);
  std::vector<std::string> names;
  const Scores scores = model.evaluate(random_tensor<float, 2>({2, 2}, 2), counted_labels(2, 2));
  for (const auto& [name, value] : scores) names.push_back(name);
  return names;
}

/// What `run` does after each epoch.
struct Evaluation {
  std::function<void()> run;

  void on_epoch_end(FitContext&) { run(); }
};

}  // namespace

TEST_SUITE("training/evaluate") {
  TEST_CASE("Sequential: assigned to itself, it keeps its loss and metrics") {
    Sequential model{Dense{2}, Softmax{}};
    model.build({2});
    model.compile(Adam{}, SparseCategoricalCrossentropy{}, {Accuracy{}});
    Sequential<float>& same = model;
    const auto x = random_tensor<float, 2>({2, 2}, 2);
    const double before = model.evaluate(x, counted_labels(2, 2))["accuracy"];
    model = std::move(same);
    CHECK(model.evaluate(x, counted_labels(2, 2))["accuracy"] == before);
    model = same;
    CHECK(model.evaluate(x, counted_labels(2, 2))["accuracy"] == before);
  }

  TEST_CASE("evaluate: loss and metrics are means over all samples") {
    // p = softmax(x): with x = (0, ln 3) it is (1/4, 3/4)
    Sequential model{Softmax{}};
    model.build({2});
    model.compile(Adam{}, SparseCategoricalCrossentropy{}, {Accuracy{}, Precision{}});
    Tensor<float, 2> x(3, 2);
    x.setValues({{0, std::log(3.0f)}, {0, std::log(3.0f)}, {std::log(3.0f), 0}});
    Labels y(3);
    y.setValues({1, 0, 0});
    for (const Index batch_size :
         {Index{1}, Index{2}, Index{3}, Index{100}, std::numeric_limits<Index>::max()}) {
      CAPTURE(batch_size);
      const Scores scores = model.evaluate(x, y, {.batch_size = batch_size});
      CHECK(scores["loss"] ==
            doctest::Approx(-(2 * std::log(0.75) + std::log(0.25)) / 3).epsilon(1e-6));
      CHECK(scores["accuracy"] == doctest::Approx(2.0 / 3));
      CHECK(scores["precision"] == doctest::Approx((1.0 + 0.5) / 2));
    }
  }

  TEST_CASE("evaluate: metrics of one name are told apart by numbers") {
    // Two samples of class 0, one of them predicted as 1; two of class 1: precisions 1 and 2/3
    Sequential model{Softmax{}};
    model.build({2});
    const std::vector<Metric> metrics{Precision{}, Precision{{.average = Average::micro}}};
    model.compile(Adam{}, SparseCategoricalCrossentropy{}, metrics);
    Tensor<float, 2> x(4, 2);
    x.setValues({{1, 0}, {0, 1}, {0, 1}, {0, 1}});
    Labels y(4);
    y.setValues({0, 0, 1, 1});
    const Scores scores = model.evaluate(x, y);
    CHECK(scores["precision"] == doctest::Approx((1 + 2.0 / 3) / 2));
    CHECK(scores["precision_1"] == doctest::Approx(3.0 / 4));
    const History history =
        model.fit(x, y, {.verbose = Verbose::silent, .validation_data = {x, y}});
    CHECK(history["precision_1"].at(0) == scores["precision_1"]);
    CHECK(history["val_precision_1"].at(0) == scores["precision_1"]);
  }

  TEST_CASE("evaluate: computes as the validation of fit does, without denormals") {
    Sequential<float> model;
    for (const double scale : {1e-20, 1e-20, 1e20, 1e20}) model.add(testing::Scale{scale});
    model.add(Softmax{});
    model.build({2});
    model.compile(Adam{}, SparseCategoricalCrossentropy{});
    Tensor<float, 2> x(1, 2);
    x.setValues({{1, 0}});
    Labels y(1);
    y.setZero();
    const History history =
        model.fit(x, y, {.verbose = Verbose::silent, .validation_data = {x, y}});
    CHECK(model.evaluate(x, y)["loss"] == history["val_loss"].at(0));
    CHECK(model.test_on_batch(x, y)["loss"] == history["val_loss"].at(0));
  }

  TEST_CASE("evaluate: a number that is somebody's name is passed over") {
    const Named a{"a"}, numbered{"a_1"};
    using Names = std::vector<std::string>;
    CHECK(names_in_scores({a, a, a}) == Names{"loss", "a", "a_1", "a_2"});
    CHECK(names_in_scores({a, numbered, a}) == Names{"loss", "a", "a_1", "a_2"});
    CHECK(names_in_scores({a, a, numbered}) == Names{"loss", "a", "a_1", "a_1_1"});
  }

  TEST_CASE("evaluate: compile refuses metrics that would hide another value") {
    CHECK_THROWS_WITH_AS(names_in_scores({Named{"loss"}}),
                         "Model::compile: expected a metric not named loss or val_*, got "
                         "'loss'; give it another name",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(names_in_scores({Accuracy{}, Named{"val_accuracy"}}),
                         "Model::compile: expected a metric not named loss or val_*, got "
                         "'val_accuracy'; give it another name",
                         std::invalid_argument);
  }

  TEST_CASE("evaluate: does not depend on the size of batches, and leaves the model alone") {
    const Sequential<float> model = image_model();
    const auto x = random_tensor<float, 4>({11, 8, 8, 1}, 2);
    const Labels y = counted_labels(11, 3);
    const double all = model.evaluate(x, y)["loss"];
    CHECK(model.evaluate(x, y, {.batch_size = 4})["loss"] == doctest::Approx(all).epsilon(1e-6));
    CHECK(model.evaluate(x, y)["loss"] == all);
    CHECK(testing::weights_of(model) == testing::weights_of(image_model()));
  }

  TEST_CASE("evaluate: batches share packed weights, and only those of one evaluation") {
    Sequential<float> model{Dense{700, {.activation = Activation::relu}}, Dense{3}, Softmax{}};
    model.build({100}, {.seed = 1});
    model.compile(Adam{{.learning_rate = 0.01}}, SparseCategoricalCrossentropy{});
    const auto x = random_tensor<float, 2>({70, 100}, 2);
    const Labels y = counted_labels(70, 3);
    std::vector<double> expected;
    const Evaluation evaluation{
        [&] { expected.push_back(model.evaluate(x, y, {.batch_size = 20})["loss"]); }};
    const History history = model.fit(x, y,
                                      {.batch_size = 20,  // three whole ones, and 10 samples
                                       .epochs = 3,
                                       .verbose = Verbose::silent,
                                       .callbacks = {evaluation},
                                       .validation_data = ValidationData{Samples(x), y}});
    CHECK(history["val_loss"] == expected);
    CHECK(expected[2] < expected[0]);
    CHECK(model.evaluate(x, y, {.batch_size = 70})["loss"] ==
          doctest::Approx(expected[2]).epsilon(1e-6));
  }

  TEST_CASE("evaluate: refuses what doesn't fit") {
    const Sequential<float> model = image_model();
    const auto x = random_tensor<float, 4>({2, 8, 8, 1}, 2);
    const Labels y = counted_labels(2, 3);
    const auto evaluate = [&](const auto& data, const Labels& labels,
                              const EvaluateOptions& options) {
      static_cast<void>(model.evaluate(data, labels, options));
    };
    CHECK_THROWS_WITH_AS(evaluate(x, y, {.batch_size = 0}),
                         "Model::evaluate: expected a positive batch_size, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        evaluate(x, counted_labels(3, 3), {}),
        "Model::evaluate: expected as many targets as samples, got 3 targets (2 samples)",
        ShapeError);
    CHECK_THROWS_WITH_AS(evaluate(Tensor<float, 4>(0, 8, 8, 1), Labels(0), {}),
                         "Model::evaluate: expected at least one sample, got none",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        evaluate(random_tensor<float, 4>({2, 9, 8, 1}, 2), y, {}),
        "Model::evaluate: expected samples of shape [8, 8, 1], got [9, 8, 1] (x [2, 9, 8, 1])",
        ShapeError);
    Labels bad(2);
    bad.setValues({0, 3});
    CHECK_THROWS_WITH_AS(evaluate(x, bad, {}),
                         "Model::evaluate: expected labels from 0 to 2, got 3 (label of "
                         "sample 1); the last layer needs a unit for each class",
                         std::invalid_argument);
  }

  TEST_CASE("evaluate: refuses a model that is not compiled or not built") {
    const auto x = random_tensor<float, 2>({2, 2}, 2);
    const Labels y = counted_labels(2, 2);
    Sequential model{Dense{2}, Softmax{}};
    model.build({2});
    CHECK_THROWS_WITH_AS(static_cast<void>(model.evaluate(x, y)),
                         "Model::evaluate: expected a compiled model, got one without loss "
                         "and optimizer; call compile(optimizer, loss, metrics) first",
                         std::invalid_argument);
    Sequential unbuilt{Dense{2}, Softmax{}};
    unbuilt.compile(Adam{}, SparseCategoricalCrossentropy{});
    CHECK_THROWS_WITH_AS(static_cast<void>(unbuilt.evaluate(x, y)),
                         "Model::evaluate: expected a built model, got one whose input shape "
                         "is not known; call build({height, width, channels}) or fit first",
                         std::invalid_argument);
  }
}

}  // namespace nn
