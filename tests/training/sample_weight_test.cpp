// SPDX-License-Identifier: MIT
// Weights of samples, positions and classes.
#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/losses/binary_crossentropy.hpp"
#include "nn/losses/mean_squared_error.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/training/fit.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::random_tensor;
using testing::weights_of;

/// Classes of samples [2] under SGD and the sum of losses, so that a weight of 2 is a sample twice.
Sequential<float> weighted_model() {
  Sequential model{Dense{3}, Softmax{}};
  model.build({2}, {.seed = 3});
  model.compile(SGD{}, SparseCategoricalCrossentropy{{.reduction = Reduction::sum}}, {Accuracy{}});
  return model;
}

/// Samples 0, 1, 1, 2, 2, 2 of x.
Tensor<float, 2> repeated(const Tensor<float, 2>& x) {
  Tensor<float, 2> copies(6, 2);
  const Index source[] = {0, 1, 1, 2, 2, 2};
  for (Index i = 0; i < 6; ++i) {
    for (Index k = 0; k < 2; ++k) copies(i, k) = x(source[i], k);
  }
  return copies;
}

void check_same_weights(const Sequential<float>& model, const Sequential<float>& other) {
  const std::vector<float> a = weights_of(model), b = weights_of(other);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-5));
}

/// A loss of a whole batch that knows no weights.
struct BatchLoss {
  [[nodiscard]] static std::string name() { return "batch_loss"; }
  double operator()(const ScoredBatch<float>&, float*, float*) const { return 0; }
};

}  // namespace

TEST_SUITE("training/sample_weight") {
  TEST_CASE("fit: a sample of weight 3 is one that is there three times") {
    const auto x = random_tensor<float, 2>({3, 2}, 1);
    const std::vector<int> y{0, 1, 2}, y_repeated{0, 1, 1, 2, 2, 2};
    const std::vector<double> weights{1, 2, 3};
    Sequential<float> model = weighted_model(), other = weighted_model();
    const History history =
        model.fit(x, y, {.epochs = 4, .verbose = Verbose::silent, .sample_weight = weights});
    const History expected =
        other.fit(repeated(x), y_repeated, {.epochs = 4, .verbose = Verbose::silent});
    check_same_weights(model, other);
    CHECK(history["loss"].back() == doctest::Approx(expected["loss"].back()).epsilon(1e-5));
    CHECK(model.evaluate(x, y, {.sample_weight = weights})["loss"] ==
          doctest::Approx(model.evaluate(repeated(x), y_repeated)["loss"]).epsilon(1e-5));
  }

  TEST_CASE("weighted: such a metric counts rows as they weigh, others count all alike") {
    const auto x = random_tensor<float, 2>({3, 2}, 1);
    const std::vector<int> y{0, 1, 2}, y_repeated{0, 1, 1, 2, 2, 2};
    const std::vector<double> weights{1, 2, 3};
    Sequential<float> model = weighted_model();
    model.compile(SGD{}, SparseCategoricalCrossentropy{},
                  {Accuracy{}, weighted(Accuracy{}), weighted(Recall{})});
    const Scores scores = model.evaluate(x, y, {.sample_weight = weights});
    const Scores plain = model.evaluate(x, y), repeats = model.evaluate(repeated(x), y_repeated);
    CHECK(scores["accuracy"] == plain["accuracy"]);
    CHECK(scores["weighted_accuracy"] == doctest::Approx(repeats["accuracy"]));
    CHECK(scores["weighted_recall"] == doctest::Approx(repeats["weighted_recall"]));
    CHECK(plain["weighted_accuracy"] == plain["accuracy"]);
    CHECK(scores["weighted_accuracy"] != scores["accuracy"]);
  }

  TEST_CASE("train_on_batch, test_on_batch: take weights as fit and evaluate do") {
    const auto x = random_tensor<float, 2>({3, 2}, 1);
    const std::vector<int> y{0, 1, 2};
    const std::vector<double> weights{1, 2, -3}, too_many(4, 1.0);
    Sequential<float> model = weighted_model(), other = weighted_model();
    CHECK(model.test_on_batch(x, y, weights)["loss"] ==
          model.evaluate(x, y, {.sample_weight = weights})["loss"]);
    CHECK(model.test_on_batch(x, y, weights)["loss"] != model.test_on_batch(x, y)["loss"]);
    const double loss = model.train_on_batch(x, y, weights)["loss"];
    CHECK(loss ==
          other.fit(
              x, y,
              {.verbose = Verbose::silent, .sample_weight = weights, .shuffle = false})["loss"][0]);
    CHECK(weights_of(model) == weights_of(other));
    CHECK_THROWS_WITH_AS(model.train_on_batch(x, y, too_many),
                         "Model::train_on_batch, sample_weight: expected weights of shape "
                         "[3], got [4]",
                         ShapeError);
  }

  TEST_CASE("fit: weights go with their samples through shuffling and batches") {
    const auto x = random_tensor<float, 2>({10, 2}, 1);
    const Labels y = counted_labels(10, 3);
    // A weight for each sample that its class has too
    std::vector<float> weights(10);
    for (std::size_t i = 0; i < 10; ++i) weights[i] = i % 3 == 1 ? 2.5f : 1.0f;
    Sequential<float> model = weighted_model(), other = weighted_model();
    const History history = model.fit(
        x, y, {.batch_size = 4, .epochs = 3, .verbose = Verbose::silent, .sample_weight = weights});
    const History expected = other.fit(
        x, y,
        {.batch_size = 4, .epochs = 3, .verbose = Verbose::silent, .class_weight = {{1, 2.5}}});
    CHECK(weights_of(model) == weights_of(other));
    CHECK(history["loss"] == expected["loss"]);
    CHECK(history["accuracy"] == expected["accuracy"]);  // metrics have no weights
  }

  TEST_CASE("train_on_batch: class_weight is the weight of each sample of the class") {
    const auto x = random_tensor<float, 2>({10, 2}, 1);
    const Labels y = counted_labels(10, 3);
    std::vector<float> weights(10), products(10);
    for (std::size_t i = 0; i < 10; ++i) {
      weights[i] = static_cast<float>(i);
      products[i] = i % 3 == 1 ? 2.5f * weights[i] : weights[i];
    }
    Sequential<float> model = weighted_model(), other = weighted_model();
    const double loss = model.train_on_batch(x, y, weights, {{1, 2.5}})["loss"];
    CHECK(loss == other.train_on_batch(x, y, products)["loss"]);
    CHECK(weights_of(model) == weights_of(other));
    CHECK_THROWS_WITH_AS(model.train_on_batch(x, y, {}, {{3, 1.0}}),
                         "Model::train_on_batch, class_weight: expected classes from 0 to 2, got 3",
                         std::invalid_argument);
    CHECK(weights_of(model) == weights_of(other));
  }

  TEST_CASE("fit: class_weight and sample_weight multiply") {
    const auto x = random_tensor<float, 2>({9, 2}, 1);
    const Labels y = counted_labels(9, 3);
    std::vector<float> weights(9), products(9);
    for (std::size_t i = 0; i < 9; ++i) {
      weights[i] = static_cast<float>(i);
      products[i] = i % 3 == 2 ? 0.5f * weights[i] : weights[i];
    }
    Sequential<float> model = weighted_model(), other = weighted_model();
    model.fit(x, y,
              {.verbose = Verbose::silent, .sample_weight = weights, .class_weight = {{2, 0.5}}});
    other.fit(x, y, {.verbose = Verbose::silent, .sample_weight = products});
    CHECK(weights_of(model) == weights_of(other));
  }

  TEST_CASE("fit: validation has weights too, those of the samples or its own") {
    const auto x = random_tensor<float, 2>({10, 2}, 1);
    const Labels y = counted_labels(10, 3);
    std::vector<float> weights(10, 1.0f);
    weights[8] = 0;
    weights[9] = 3;
    Sequential<float> model = weighted_model();
    const History history = model.fit(
        x, y, {.verbose = Verbose::silent, .sample_weight = weights, .validation_split = 0.2});
    const Samples last = Samples(x).slice(8, 2);
    const Targets last_y = Targets(y).slice(8, 2);
    const std::vector<float> last_weights{0, 3};
    const double expected = model.evaluate(last, last_y, {.sample_weight = last_weights})["loss"];
    CHECK(history["val_loss"].back() == expected);
    CHECK(expected != model.evaluate(last, last_y)["loss"]);
    CHECK(history["val_accuracy"].back() == model.evaluate(last, last_y)["accuracy"]);

    Sequential<float> second = weighted_model();
    const History given = second.fit(
        x, y, {.verbose = Verbose::silent, .validation_data = {last, last_y, last_weights}});
    CHECK(given["val_loss"].back() ==
          second.evaluate(last, last_y, {.sample_weight = last_weights})["loss"]);
  }

  TEST_CASE("fit: a sample's weight is that of all its positions, unless each has its own") {
    const auto x = random_tensor<float, 3>({4, 3, 2}, 1);
    const auto y = random_tensor<float, 3>({4, 3, 1}, 2);
    const std::vector<float> of_samples{1, 0, 2, -1};
    Tensor<double, 2> of_positions(4, 3);
    for (Index i = 0; i < 4; ++i) {
      for (Index p = 0; p < 3; ++p) of_positions(i, p) = double{of_samples.at(std::size_t(i))};
    }
    Tensor<double, 2> other_weights = of_positions;
    other_weights(2, 1) = 0;
    const auto trained = [&](const SampleWeights& weights) {
      Sequential model{Dense{1}};
      model.build({3, 2}, {.seed = 3});
      model.compile(SGD{}, MeanSquaredError{});
      model.fit(x, y, {.batch_size = 3, .verbose = Verbose::silent, .sample_weight = weights});
      return weights_of(model);
    };
    CHECK(trained(of_samples) == trained(of_positions));
    CHECK(trained(other_weights) != trained(of_positions));
  }

  TEST_CASE("fit: class weights of single values, rounded, and of no other values") {
    const auto x = random_tensor<float, 2>({6, 2}, 1);
    const std::vector<float> y{0, 1, 1, 0, 1, 0}, weights{1, 4, 4, 1, 4, 1};
    const auto trained = [&](const FitOptions& options) {
      Sequential model{Dense{1, {.activation = Activation::sigmoid}}};
      model.build({2}, {.seed = 3});
      model.compile(SGD{}, BinaryCrossentropy{});
      model.fit(x, y, options);
      return weights_of(model);
    };
    CHECK(trained({.verbose = Verbose::silent, .class_weight = {{1, 4.0}}}) ==
          trained({.verbose = Verbose::silent, .sample_weight = weights}));

    Sequential model{Dense{3, {.activation = Activation::sigmoid}}};
    const auto rows = random_tensor<float, 2>({6, 3}, 1);
    const auto refuses = [&](const char* message) {
      CHECK_THROWS_WITH_AS(model.fit(x, rows, {.class_weight = {{1, 4.0}}}), message,
                           std::invalid_argument);
    };
    model.compile(SGD{}, BinaryCrossentropy{});
    refuses(
        "Model::fit, class_weight: expected a loss whose targets are classes, got "
        "binary_crossentropy (3 values in a row); use sample_weight");
    model.compile(SGD{}, MeanSquaredError{});
    refuses(
        "Model::fit, class_weight: expected a loss whose targets are classes, got "
        "mean_squared_error (3 values in a row); use sample_weight");
  }

  TEST_CASE("fit, evaluate: refuse weights that don't fit") {
    const auto x = random_tensor<float, 2>({4, 2}, 1);
    const Labels y = counted_labels(4, 3);
    Sequential<float> model = weighted_model();
    const std::vector<float> before = weights_of(model);
    const std::vector<float> three(3, 1.0f);
    std::vector<double> bad(4, 1.0);
    const auto refuses = [&](const SampleWeights& weights, const std::string& message) {
      CHECK_THROWS_WITH_AS(model.fit(x, y, {.sample_weight = weights}),
                           ("Model::fit, sample_weight: " + message).c_str(),
                           std::invalid_argument);
      CHECK_THROWS_WITH_AS(static_cast<void>(model.evaluate(x, y, {.sample_weight = weights})),
                           ("Model::evaluate, sample_weight: " + message).c_str(),
                           std::invalid_argument);
      CHECK(weights_of(model) == before);
    };
    refuses(three, "expected weights of shape [4], got [3]");
    bad[2] = std::numeric_limits<double>::infinity();
    refuses(bad, "expected finite weights, got inf (weight of sample 2)");
    bad[2] = 1e39;  // infinite as a float
    refuses(bad, "expected finite weights, got inf (weight of sample 2)");

    const auto positions = random_tensor<float, 3>({4, 5, 2}, 1);
    const Tensor<std::int32_t, 2> labels = Tensor<std::int32_t, 2>(4, 5).setZero();
    Sequential<float> sequences{Dense{3}, Softmax{}};
    sequences.compile(SGD{}, SparseCategoricalCrossentropy{});
    CHECK_THROWS_WITH_AS(sequences.fit(positions, labels, {.sample_weight = three}),
                         "Model::fit, sample_weight: expected weights of shape [4] or [4, 5], "
                         "got [3]",
                         ShapeError);

    model.compile(SGD{}, BatchLoss{});
    const std::vector<float> good(4, 1.0f);
    CHECK_THROWS_WITH_AS(model.fit(x, y, {.sample_weight = good}),
                         "Model::fit, sample_weight: expected a loss that takes weights, got "
                         "batch_loss; give the loss static constexpr bool takes_weights = true",
                         std::invalid_argument);
  }
}

}  // namespace nn
