// SPDX-License-Identifier: MIT
// Training on all kinds of target: values, several labels a sample, labels for each position.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/losses/binary_crossentropy.hpp"
#include "nn/losses/categorical_crossentropy.hpp"
#include "nn/losses/mean_absolute_error.hpp"
#include "nn/losses/mean_squared_error.hpp"
#include "nn/metrics/binary_accuracy.hpp"
#include "nn/metrics/categorical_accuracy.hpp"
#include "nn/metrics/f1_score.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/training/fit.hpp"
#include "nn/training/predict.hpp"
#include "nn/training/train_on_batch.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::random_tensor;
using testing::weights_of;

/// A model of one Dense layer for samples [2], or [positions, 2].
Sequential<float> dense_model(Index outputs, Activation activation, const Shape& sample) {
  Sequential model{Dense{outputs, {.activation = activation}}};
  model.build(sample, {.seed = 3});
  return model;
}

/// Rows with a 1 at the class of each label.
Tensor<float, 2> one_hot(const Labels& y, Index classes) {
  Tensor<float, 2> rows(y.size(), classes);
  rows.setZero();
  for (Index i = 0; i < y.size(); ++i) rows(i, y(i)) = 1;
  return rows;
}

/// Labels [N, positions]: whether the first of two numbers is the larger one.
Tensor<std::int32_t, 2> larger_first(const Tensor<float, 3>& x) {
  Tensor<std::int32_t, 2> y(x.dimension(0), x.dimension(1));
  for (Index i = 0; i < y.dimension(0); ++i) {
    for (Index p = 0; p < y.dimension(1); ++p) y(i, p) = x(i, p, 0) > x(i, p, 1);
  }
  return y;
}

/// A loss of one's own: mean of (y - t)^4.
struct QuarticLoss {
  static constexpr TargetKind targets = TargetKind::values;
  [[nodiscard]] static std::string name() { return "quartic_loss"; }
  float operator()(const ScoredRow<float>& row, float factor, float* gradient) const {
    const auto size = static_cast<float>(row.classes);
    float sum = 0;
    for (Index k = 0; k < row.classes; ++k) {
      const float error = row.scores[k] - row.values[k];
      sum += error * error * error * error;
      if (gradient != nullptr) gradient[k] = factor * 4 * error * error * error / size;
    }
    return sum / size;
  }
};

/// What a metric is given.
struct Witness {
  float* highest;
  bool* were_logits;
  [[nodiscard]] static std::string name() { return "witness"; }
  void reset() {}
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    *were_logits |= batch.are_logits;
    for (Index i = 0; i < batch.rows * batch.classes; ++i) {
      *highest = std::max(*highest, static_cast<float>(batch.scores[i]));
    }
  }
  [[nodiscard]] static double result() { return 0; }
};

}  // namespace

TEST_SUITE("training/targets") {
  TEST_CASE("fit: learns numbers, given as [N] or [N, 1], of float, double or bytes") {
    const auto x = random_tensor<float, 2>({60, 2}, 1);
    Tensor<float, 1> y(60);
    Tensor<double, 2> y_of_rank_2(60, 1);
    for (Index i = 0; i < 60; ++i) {
      y(i) = 2 * x(i, 0) - x(i, 1) + 0.5f;
      y_of_rank_2(i, 0) = double{y(i)};
    }
    const auto trained = [&](const auto& targets) {
      Sequential<float> model = dense_model(1, Activation::linear, {2});
      model.compile(Adam{{.learning_rate = 0.05}}, MeanSquaredError{}, {MeanAbsoluteError{}});
      const History history = model.fit(
          x, targets, {.epochs = 60, .verbose = Verbose::silent, .validation_split = 0.2});
      CHECK(history["val_loss"].back() < 1e-3);
      CHECK(history["mean_absolute_error"].back() < 0.03);
      CHECK(model.evaluate(x, targets)["loss"] < 1e-3);
      CHECK(model.test_on_batch(x, targets)["loss"] < 1e-3);
      CHECK(model.train_on_batch(x, targets)["loss"] < 1e-3);
      return weights_of(model);
    };
    const std::vector<float> weights = trained(y);
    CHECK(weights[0] == doctest::Approx(2).epsilon(0.02));
    CHECK(trained(y_of_rank_2) == weights);
    const std::vector<float> list(y.data(), y.data() + 60);
    CHECK(trained(list) == weights);
  }

  TEST_CASE("fit: a loss of one's own is a name and the loss of one row") {
    const auto x = random_tensor<float, 2>({40, 2}, 1);
    const Tensor<float, 2> y = x * 2.0f;
    const std::vector<float> weights(40, 2.0f);
    Sequential<float> model = dense_model(2, Activation::linear, {2});
    model.compile(Adam{{.learning_rate = 0.05}}, QuarticLoss{}, {MeanSquaredError{}});
    const History history =
        model.fit(x, y, {.epochs = 40, .verbose = Verbose::silent, .sample_weight = weights});
    CHECK(history["mean_squared_error"].back() < 0.1 * history["mean_squared_error"].front());
    CHECK(model.evaluate(x, y, {.sample_weight = weights})["loss"] ==
          doctest::Approx(2 * model.evaluate(x, y)["loss"]));
    CHECK_THROWS_WITH_AS(model.fit(x, counted_labels(40, 2)),
                         "Model::fit: expected values for quartic_loss, got class numbers of "
                         "shape [40]; give values as float, or use "
                         "nn::SparseCategoricalCrossentropy for class numbers",
                         std::invalid_argument);
  }

  TEST_CASE("fit: learns several labels a sample") {
    const auto x = random_tensor<float, 2>({80, 2}, 1);
    Tensor<std::uint8_t, 2> y(80, 3);
    for (Index i = 0; i < 80; ++i) {
      y(i, 0) = x(i, 0) > 0;
      y(i, 1) = x(i, 1) > 0;
      y(i, 2) = x(i, 0) > x(i, 1);
    }
    Sequential<float> model = dense_model(3, Activation::sigmoid, {2});
    model.compile(Adam{{.learning_rate = 0.1}}, BinaryCrossentropy{}, {BinaryAccuracy{}});
    const History history = model.fit(x, y, {.epochs = 40, .verbose = Verbose::silent});
    CHECK(history["loss"].back() < 0.3 * history["loss"].front());
    CHECK(model.evaluate(x, y)["binary_accuracy"] > 0.95);
  }

  TEST_CASE("fit: one-hot rows train to the weights of class numbers") {
    const auto x = random_tensor<float, 2>({40, 2}, 1);
    const Labels y = counted_labels(40, 3);
    const Tensor<float, 2> rows = one_hot(y, 3);
    Sequential<float> sparse = dense_model(3, Activation::softmax, {2}), dense = sparse;
    sparse.compile(SGD{}, SparseCategoricalCrossentropy{}, {Accuracy{}});
    dense.compile(SGD{}, CategoricalCrossentropy{}, {Accuracy{}, CategoricalAccuracy{}});
    const FitOptions options{
        .epochs = 3, .verbose = Verbose::silent, .class_weight = {{0, 0.5}, {2, 3.0}}};
    const History expected = sparse.fit(x, y, options), history = dense.fit(x, rows, options);
    for (std::size_t epoch = 0; epoch < 3; ++epoch) {
      CHECK(history["loss"][epoch] == doctest::Approx(expected["loss"][epoch]).epsilon(1e-5));
      CHECK(history["accuracy"][epoch] == expected["accuracy"][epoch]);
      CHECK(history["categorical_accuracy"][epoch] == expected["accuracy"][epoch]);
    }
    const std::vector<float> all = weights_of(dense), wanted = weights_of(sparse);
    for (std::size_t i = 0; i < all.size(); ++i) {
      CHECK(all[i] == doctest::Approx(wanted[i]).epsilon(1e-4));
    }
  }

  TEST_CASE("fit: a label for each position counts as a sample of its own") {
    const auto x = random_tensor<float, 3>({30, 4, 2}, 1);
    const Tensor<std::int32_t, 2> y = larger_first(x);
    const TensorMap<std::int32_t, 3> y_of_rank_3(const_cast<std::int32_t*>(y.data()), 30, 4, 1);
    const ConstTensorMap<float, 2> flat_x(x.data(), 120, 2);
    const ConstTensorMap<std::int32_t, 1> flat_y(y.data(), 120);

    Sequential<float> flat = dense_model(2, Activation::softmax, {2});
    Sequential<float> model = dense_model(2, Activation::softmax, {4, 2});
    for (Sequential<float>* each : {&flat, &model}) {
      each->compile(Adam{{.learning_rate = 0.1}}, SparseCategoricalCrossentropy{},
                    {Accuracy{}, F1Score{}});
    }
    FitOptions options{.batch_size = 6, .epochs = 5, .verbose = Verbose::silent, .shuffle = false};
    const History history = model.fit(x, y, options);
    Sequential<float> again = dense_model(2, Activation::softmax, {4, 2});
    again.compile(Adam{{.learning_rate = 0.1}}, SparseCategoricalCrossentropy{});
    again.fit(x, y_of_rank_3, options);
    CHECK(weights_of(again) == weights_of(model));
    options.batch_size = 24;
    const History expected = flat.fit(flat_x, flat_y, options);
    CHECK(weights_of(model) == weights_of(flat));
    CHECK(history["loss"] == expected["loss"]);
    CHECK(history["accuracy"] == expected["accuracy"]);
    CHECK(history["f1_score"] == expected["f1_score"]);
    CHECK(model.evaluate(x, y)["accuracy"] > 0.9);
    options.shuffle = true;
    options.class_weight = {{1, 2.0}};
    model.fit(x, y, options);
    CHECK(model.evaluate(x, y)["accuracy"] > 0.9);
  }

  TEST_CASE("fit: values for each position") {
    const auto x = random_tensor<float, 3>({30, 4, 2}, 1);
    Tensor<float, 3> y(30, 4, 1);
    for (Index i = 0; i < 120; ++i) y.data()[i] = x.data()[2 * i] - x.data()[2 * i + 1];
    const TensorMap<float, 2> y_of_rank_2(y.data(), 30, 4);
    Sequential<float> model = dense_model(1, Activation::linear, {4, 2}), other = model;
    for (Sequential<float>* each : {&model, &other}) {
      each->compile(Adam{{.learning_rate = 0.05}}, MeanSquaredError{});
    }
    model.fit(x, y, {.epochs = 30, .verbose = Verbose::silent});
    other.fit(x, y_of_rank_2, {.epochs = 30, .verbose = Verbose::silent});
    CHECK(model.evaluate(x, y)["loss"] < 0.01);
    CHECK(weights_of(other) == weights_of(model));
  }

  TEST_CASE("fit: one thread and two give the same bits with a loss of values") {
    const auto x = random_tensor<float, 2>({3000, 2}, 1);
    const auto y = random_tensor<float, 2>({3000, 20}, 2);
    const int threads_before = num_threads();
    std::vector<std::vector<float>> results;
    for (const int threads : {1, 2}) {
      set_num_threads(threads);
      Sequential<float> model = dense_model(20, Activation::tanh, {2});
      model.compile(Adam{}, MeanSquaredError{}, {MeanAbsoluteError{}});
      model.fit(x, y, {.batch_size = 1500, .epochs = 2, .verbose = Verbose::silent});
      results.push_back(weights_of(model));
      results.back().push_back(static_cast<float>(model.evaluate(x, y)["loss"]));
    }
    set_num_threads(threads_before);
    CHECK(results[0] == results[1]);
  }

  TEST_CASE("fit, evaluate: metrics get probabilities where the loss takes logits") {
    const auto x = random_tensor<float, 2>({20, 2}, 1);
    const Labels y = counted_labels(20, 3);
    const Tensor<float, 2> rows = one_hot(y, 3);
    Tensor<float, 2> large = x * 100.0f;
    float highest = 0;
    bool were_logits = false;
    Sequential<float> model = dense_model(3, Activation::softmax, {2});
    model.compile(SGD{}, CategoricalCrossentropy{},
                  {Accuracy{}, Witness{&highest, &were_logits}, MeanSquaredError{}, Accuracy{}});
    model.fit(large, rows, {.epochs = 1, .verbose = Verbose::silent});
    CHECK(highest > 0.5f);
    CHECK(highest <= 1);
    const Scores scores = model.evaluate(x, rows);
    CHECK_FALSE(were_logits);
    const auto p = model.predict(x);
    double expected = 0;
    for (Index i = 0; i < 60; ++i) {
      const double error = double{p.data()[i]} - double{rows.data()[i]};
      expected += error * error / 60;
    }
    CHECK(scores["mean_squared_error"] == doctest::Approx(expected).epsilon(1e-5));
  }

  TEST_CASE("fit, evaluate: under a sigmoid, the loss is exact and metrics get probabilities") {
    Tensor<float, 2> x = random_tensor<float, 2>({20, 2}, 1) * 1000.0f;
    const Tensor<float, 2> y = random_tensor<float, 2>({20, 3}, 1).unaryExpr([](float value) {
      return value > 0 ? 1.0f : 0.0f;
    });
    float highest = 0;
    bool were_logits = false;
    Sequential<float> model = dense_model(3, Activation::sigmoid, {2});
    Sequential<float> open = dense_model(3, Activation::linear, {2});
    model.compile(SGD{}, BinaryCrossentropy{}, {Witness{&highest, &were_logits}, BinaryAccuracy{}});
    open.compile(SGD{}, BinaryCrossentropy{{.from_logits = true}});
    const double loss = model.evaluate(x, y)["loss"];
    CHECK(loss > 17);  // more than probabilities, clipped at 1e-7, can give
    CHECK(loss == open.evaluate(x, y)["loss"]);
    CHECK(model.fit(x, y, {.verbose = Verbose::silent})["loss"] ==
          open.fit(x, y, {.verbose = Verbose::silent})["loss"]);
    CHECK(weights_of(model) == weights_of(open));
    CHECK(highest == 1);
    CHECK_FALSE(were_logits);

    model.compile(SGD{}, BinaryCrossentropy{{.from_logits = true}});
    CHECK_THROWS_WITH_AS(model.fit(x, y),
                         "binary_crossentropy: expected logits, got a model that ends with a "
                         "sigmoid; leave out the sigmoid or from_logits",
                         std::invalid_argument);
  }

  TEST_CASE("fit: a label that the loss ignores need not be a class") {
    const auto x = random_tensor<float, 2>({6, 2}, 1);
    const std::vector<int> y{0, 255, 1, 2, 255, 255}, kept_y{0, 1, 2};
    Tensor<float, 2> kept_x(3, 2);
    for (Index k = 0; k < 2; ++k) {
      kept_x(0, k) = x(0, k);
      kept_x(1, k) = x(2, k);
      kept_x(2, k) = x(3, k);
    }
    Sequential<float> model = dense_model(3, Activation::softmax, {2}), kept = model;
    model.compile(SGD{}, SparseCategoricalCrossentropy{{.ignore_class = 255}},
                  {Accuracy{}, F1Score{}});
    kept.compile(SGD{}, SparseCategoricalCrossentropy{}, {Accuracy{}, F1Score{}});
    const FitOptions in_order{
        .verbose = Verbose::silent, .shuffle = false, .class_weight = {{1, 2.0}}};
    CHECK(model.fit(x, y, in_order)["loss"] == kept.fit(kept_x, kept_y, in_order)["loss"]);
    CHECK(weights_of(model) == weights_of(kept));
    // As in Keras, the accuracy counts the ignored rows, which no score can hit.
    CHECK(model.evaluate(x, y)["accuracy"] ==
          doctest::Approx(kept.evaluate(kept_x, kept_y)["accuracy"] / 2));
    CHECK(model.evaluate(x, y)["f1_score"] == kept.evaluate(kept_x, kept_y)["f1_score"]);
    const std::vector<int> other{0, 254, 1, 2, 255, 255};
    CHECK_THROWS_WITH_AS(model.fit(x, other),
                         "Model::fit: expected labels from 0 to 2, got 254 (label of sample "
                         "1); the last layer needs a unit for each class",
                         std::invalid_argument);
  }

  TEST_CASE("fit: refuses targets of the wrong kind or shape by the loss's name") {
    const auto x = random_tensor<float, 2>({4, 2}, 1);
    const auto rows = random_tensor<float, 2>({4, 3}, 1);
    const auto numbers = random_tensor<float, 1>({4}, 1);
    const Labels y = counted_labels(4, 3);
    Sequential model{Dense{3}};
    const auto refuses = [&](const auto& targets, const char* message) {
      CHECK_THROWS_WITH_AS(model.fit(x, targets), message, std::invalid_argument);
      CHECK_FALSE(model.is_built());
    };
    model.compile(SGD{}, SparseCategoricalCrossentropy{{.from_logits = true}});
    refuses(rows,
            "Model::fit: expected class numbers for sparse_categorical_crossentropy, got "
            "values of shape [4, 3]; use nn::CategoricalCrossentropy for one-hot rows");
    refuses(numbers,
            "Model::fit: expected class numbers for sparse_categorical_crossentropy, got "
            "values of shape [4]; give class numbers as std::int32_t");
    model.compile(SGD{}, CategoricalCrossentropy{{.from_logits = true}});
    refuses(y,
            "Model::fit: expected values for categorical_crossentropy, got class numbers of "
            "shape [4]; give values as float, or use nn::SparseCategoricalCrossentropy for class "
            "numbers");
    model.compile(SGD{}, MeanSquaredError{});
    refuses(numbers,
            "Model::fit: expected values of shape [4, 3] for mean_squared_error, got [4] (the "
            "model gives [4, 3])");
    refuses(random_tensor<float, 2>({4, 1}, 1),
            "Model::fit: expected values of shape [4, 3] for mean_squared_error, got [4, 1] "
            "(the model gives [4, 3])");
    model.build({2});
    CHECK_THROWS_WITH_AS(static_cast<void>(model.evaluate(x, y)),
                         "Model::evaluate: expected values for mean_squared_error, got class "
                         "numbers of shape [4]; give values as float, or use "
                         "nn::SparseCategoricalCrossentropy for class numbers",
                         std::invalid_argument);
  }

  TEST_CASE("fit: a metric of the other kind of target throws, and the model is as before") {
    const auto x = random_tensor<float, 2>({4, 2}, 1);
    const auto rows = random_tensor<float, 2>({4, 3}, 1);
    Sequential<float> model = dense_model(3, Activation::linear, {2});
    const std::vector<float> before = weights_of(model);
    model.compile(SGD{}, MeanSquaredError{}, {MeanIoU{}});
    CHECK_THROWS_WITH_AS(model.fit(x, rows, {.verbose = Verbose::silent}),
                         "MeanIoU: expected class numbers as targets, got values",
                         std::invalid_argument);
    CHECK(weights_of(model) == before);
  }
}

}  // namespace nn
