// SPDX-License-Identifier: MIT
#include "nn/training/fit.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

#include "nn/core/parallel.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/training/evaluate.hpp"
#include "nn/training/predict.hpp"
#include "nn/training/train_on_batch.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::image_model;
using testing::joined;
using testing::NumberedSamples;
using testing::random_tensor;
using testing::weights_of;
using Batches = std::vector<std::vector<std::int32_t>>;

const std::vector<std::int32_t> zero_to_nine{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

/// The order in which each epoch sees 32 samples.
std::vector<std::vector<std::int32_t>> orders(std::uint64_t seed, int threads) {
  const int before = num_threads();
  set_num_threads(threads);
  NumberedSamples data(32, seed);
  data.model.fit(data.x, data.y, {.batch_size = 8, .epochs = 2, .verbose = Verbose::silent});
  set_num_threads(before);
  return {joined(data.batches, 0, 4), joined(data.batches, 4, 8)};
}

/// Weights of the image model after training on `x`.
template <class X, class Y>
std::vector<float> trained_weights(const X& x, const Y& y, const FitOptions& options) {
  Sequential<float> model = image_model();
  model.fit(x, y, options);
  return weights_of(model);
}

}  // namespace

TEST_SUITE("training/fit") {
  TEST_CASE("fit: the last, smaller batch is kept") {
    NumberedSamples data(10);
    data.model.fit(data.x, data.y, {.batch_size = 4, .verbose = Verbose::silent, .shuffle = false});
    CHECK(data.batches == Batches{{0, 1, 2, 3}, {4, 5, 6, 7}, {8, 9}});
  }

  TEST_CASE("fit: a batch_size above the number of samples is one batch of all") {
    NumberedSamples data(10);
    const History history = data.model.fit(data.x, data.y,
                                           {.batch_size = std::numeric_limits<Index>::max(),
                                            .verbose = Verbose::silent,
                                            .validation_split = 0.2,
                                            .shuffle = false});
    CHECK(data.batches == Batches{{0, 1, 2, 3, 4, 5, 6, 7}, {8, 9}});
    CHECK(history["loss"].at(0) > 0.5);
    CHECK(history["val_loss"].at(0) > 0.5);
    CHECK(data.model.parameters().step() == 1);
  }

  TEST_CASE("fit: an epoch's loss weighs batches by their size") {
    NumberedSamples data(10);
    const History history = data.model.fit(
        data.x, data.y, {.batch_size = 4, .verbose = Verbose::silent, .shuffle = false});
    const double of_all = data.model.evaluate(data.x, data.y, {.batch_size = 10})["loss"];
    CHECK(history["loss"].at(0) == doctest::Approx(of_all).epsilon(1e-6));
    // The mean of the batches' losses differs from it, so this test can tell.
    const auto part = [&](Index first, Index count) {
      const TensorMap<float, 2> x(data.x.data() + 2 * first, count, 2);
      const TensorMap<std::int32_t, 1> y(data.y.data() + first, count);
      return data.model.evaluate(x, y)["loss"];
    };
    CHECK((part(0, 4) + part(4, 4) + part(8, 2)) / 3 != doctest::Approx(of_all).epsilon(1e-4));
  }

  TEST_CASE("fit: validation_split is cut off the end before shuffling") {
    NumberedSamples data(10);
    data.model.fit(
        data.x, data.y,
        {.batch_size = 7, .epochs = 2, .verbose = Verbose::silent, .validation_split = 0.3});
    REQUIRE(data.batches.size() == 4);  // training, validation, training, validation
    for (const std::size_t epoch : {0u, 1u}) {
      CAPTURE(epoch);
      auto trained = data.batches[2 * epoch];
      CHECK(trained != std::vector<std::int32_t>{0, 1, 2, 3, 4, 5, 6});
      std::sort(trained.begin(), trained.end());
      CHECK(trained == std::vector<std::int32_t>{0, 1, 2, 3, 4, 5, 6});
      CHECK(data.batches[2 * epoch + 1] == std::vector<std::int32_t>{7, 8, 9});
    }
  }

  TEST_CASE("fit: a tenth of 60,000 samples is 6,000, in float too") {
    CHECK(num_training_samples(60'000, 0.1) == 54'000);
    CHECK(num_training_samples(60'000, static_cast<double>(0.1f)) == 54'000);
    CHECK(num_training_samples(60'000, static_cast<double>(0.3f)) == 42'000);
    CHECK(num_training_samples(64, 0.25) == 48);
    CHECK(num_training_samples(10, 0.25) == 7);  // floor(7.5)
    CHECK(num_training_samples(10, 0.8) == 2);   // 10 (1 - 0.8) is below 2
    CHECK(num_training_samples(1'000'000'000, 0) == 1'000'000'000);
  }

  TEST_CASE("fit: each epoch has a new order of all samples") {
    const auto epochs = orders(1, 1);
    std::vector<std::int32_t> all(32);
    std::iota(all.begin(), all.end(), 0);
    for (auto order : epochs) {
      CHECK(order != all);
      std::sort(order.begin(), order.end());
      CHECK(order == all);
    }
    CHECK(epochs[0] != epochs[1]);
  }

  TEST_CASE("fit: orders follow from the seed, not from the number of threads") {
    CHECK(orders(1, 1) == orders(1, 2));
    CHECK(orders(1, 1) != orders(2, 1));
  }

  TEST_CASE("fit: epochs is the number of the last epoch") {
    NumberedSamples data(4);
    const History history = data.model.fit(
        data.x, data.y, {.epochs = 5, .verbose = Verbose::silent, .initial_epoch = 3});
    CHECK(history.epochs() == std::vector<Index>{3, 4});
    CHECK(history["loss"].size() == 2);
    CHECK(history.seconds().size() == 2);
    const History none = data.model.fit(data.x, data.y, {.epochs = 0, .verbose = Verbose::silent});
    CHECK(none.epochs().empty());
  }

  TEST_CASE("fit: validation_freq leaves epochs without validation") {
    NumberedSamples data(10);
    const History history = data.model.fit(
        data.x, data.y,
        {.epochs = 5, .verbose = Verbose::silent, .validation_split = 0.2, .validation_freq = 2});
    CHECK(history["loss"].size() == 5);
    CHECK(history["val_loss"].size() == 2);  // after the second and the fourth
  }

  TEST_CASE("fit: matrices and lists train as tensors do, to the last bit") {
    const auto x = random_tensor<float, 2>({10, 2}, 1);
    const Labels y = counted_labels(10, 3);
    const auto trained = [](const auto& samples, const auto& labels) {
      Sequential<float> model{Dense{3}, Softmax{}};
      model.build({2}, {.seed = 1});
      model.compile(SGD{}, SparseCategoricalCrossentropy{});
      model.fit(samples, labels,
                {.batch_size = 4,
                 .epochs = 2,
                 .verbose = Verbose::silent,
                 .validation_data = {samples, labels}});
      model.train_on_batch(samples, labels);
      CHECK(model.evaluate(samples, labels)["loss"] ==
            doctest::Approx(model.test_on_batch(samples, labels)["loss"]));
      const Tensor<float, 2> p = model.predict(samples);
      auto all = weights_of(model);
      all.insert(all.end(), p.data(), p.data() + p.size());
      return all;
    };
    Eigen::MatrixXf matrix(10, 2);
    for (Index i = 0; i < 20; ++i) matrix(i / 2, i % 2) = x(i / 2, i % 2);
    const std::vector<float> list(x.data(), x.data() + x.size());
    const std::vector<int> numbers(y.data(), y.data() + y.size());
    const auto expected = trained(x, y);
    CHECK(trained(matrix, numbers) == expected);
    CHECK(trained(Samples(list, {10, 2}), Eigen::Map<const Eigen::VectorXi>(y.data(), 10)) ==
          expected);
  }

  TEST_CASE("fit: class_weight multiplies the losses of a class") {
    const auto x = random_tensor<float, 2>({8, 2}, 1);
    const Labels y = counted_labels(8, 3);
    const auto trained = [&](double learning_rate, const std::map<std::int32_t, double>& weights) {
      Sequential<float> model{Dense{3}, Softmax{}};
      model.build({2}, {.seed = 1});
      model.compile(SGD{{.learning_rate = learning_rate}}, SparseCategoricalCrossentropy{});
      const History history =
          model.fit(x, y, {.batch_size = 8, .verbose = Verbose::silent, .class_weight = weights});
      return std::pair(weights_of(model), history["loss"].at(0));
    };
    const auto plain = trained(0.25, {});
    const auto twice = trained(0.125, {{0, 2.0}, {1, 2.0}, {2, 2.0}});
    CHECK(twice.first == plain.first);
    CHECK(twice.second == 2 * plain.second);
    CHECK(trained(0.25, {{1, 0.0}}).second < plain.second);
    CHECK(trained(0.25, {{1, 1.0}}) == plain);
  }

  TEST_CASE("fit: validation_data wins over validation_split") {
    NumberedSamples data(10);
    const auto x = random_tensor<float, 2>({3, 2}, 9);
    const Labels y = counted_labels(3, 3);
    const History history = data.model.fit(data.x, data.y,
                                           {.batch_size = 10,
                                            .verbose = Verbose::silent,
                                            .validation_split = 0.5,
                                            .validation_data = {x, y},
                                            .shuffle = false,
                                            .validation_batch_size = 2});
    CHECK(data.batches == Batches{zero_to_nine, {0, 1}, {2}});
    CHECK(history["val_loss"].at(0) ==
          doctest::Approx(data.model.evaluate(x, y)["loss"]).epsilon(1e-6));
  }

  TEST_CASE("fit: layers train in training, and infer in validation") {
    Sequential model{testing::RandomMask{0.5}, Dense{4}, Softmax{}};
    model.compile(testing::Still{}, SparseCategoricalCrossentropy{});
    const auto x = random_tensor<float, 2>({16, 3}, 3);
    const Labels y = counted_labels(16, 4);
    const History history =
        model.fit(x, y, {.verbose = Verbose::silent, .validation_data = {x, y}});
    const double loss = model.evaluate(x, y)["loss"];
    CHECK(history["val_loss"].at(0) == doctest::Approx(loss).epsilon(1e-6));
    CHECK(history["loss"].at(0) != doctest::Approx(loss).epsilon(1e-3));
  }

  TEST_CASE("fit: builds the model where that wasn't done") {
    Sequential model{Dense{3}, Softmax{}};
    model.compile(Adam{}, SparseCategoricalCrossentropy{});
    const auto x = random_tensor<float, 2>({6, 5}, 3);
    model.fit(x, counted_labels(6, 3), {.verbose = Verbose::silent});
    CHECK(model.input_shape() == Shape{5});
    CHECK(model.count_parameters() == 18);
  }

  TEST_CASE("fit: learns") {
    Sequential<float> model = image_model();
    Tensor<float, 4> x = random_tensor<float, 4>({60, 8, 8, 1}, 4);
    const Labels y = counted_labels(60, 3);
    for (Index i = 0; i < 60; ++i) {  // the class is where the image is bright
      for (Index j = 0; j < 8; ++j) x(i, 2 * y(i) + 1, j, 0) += 2;
    }
    const History history =
        model.fit(x, y, {.batch_size = 10, .epochs = 25, .verbose = Verbose::silent});
    CHECK(history["loss"].back() < history["loss"].front());
    CHECK(model.evaluate(x, y)["accuracy"] > 0.9);
  }

  TEST_CASE("fit: equal seeds give equal weights to the last bit, with any number of threads") {
    const auto x = random_tensor<float, 4>({20, 8, 8, 1}, 6);
    const Labels y = counted_labels(20, 3);
    const FitOptions options{.batch_size = 8, .epochs = 2, .verbose = Verbose::silent};
    const int before = num_threads();
    set_num_threads(1);
    const std::vector<float> one = trained_weights(x, y, options);
    CHECK(trained_weights(x, y, options) == one);
    set_num_threads(2);
    CHECK(trained_weights(x, y, options) == one);
    set_num_threads(before);
    CHECK(weights_of(image_model()) != one);
  }

  TEST_CASE("fit: ends with the average of the weights, before the end of callbacks") {
    struct SeeWeights {
      Sequential<float>* model;
      std::vector<std::vector<float>>* seen;
      void on_batch_end(FitContext&) const { seen->push_back(weights_of(*model)); }
      void on_train_end(FitContext&) const { seen->push_back(weights_of(*model)); }
    };
    const auto x = random_tensor<float, 2>({8, 3}, 1);
    const Labels y = counted_labels(8, 2);
    Sequential<float> model{Dense{2}};
    model.build({3}, {.seed = 3});
    model.compile(SGD{{.learning_rate = 0.5, .use_ema = true, .ema_momentum = 0.75}},
                  SparseCategoricalCrossentropy{{.from_logits = true}});
    std::vector<std::vector<float>> seen;
    model.fit(
        x, y,
        {.batch_size = 4, .verbose = Verbose::silent, .callbacks = {SeeWeights{&model, &seen}}});
    REQUIRE(seen.size() == 3);
    for (std::size_t i = 0; i < seen[0].size(); ++i) {
      CHECK(seen[2][i] == doctest::Approx(0.75 * seen[0][i] + 0.25 * seen[1][i]));
    }
    CHECK(seen[0] != seen[1]);
    CHECK(weights_of(model) == seen[2]);
  }

  TEST_CASE("fit: a second call goes on where the first ended") {
    const auto x = random_tensor<float, 4>({20, 8, 8, 1}, 6);
    const Labels y = counted_labels(20, 3);
    Sequential<float> model = image_model();
    model.fit(x, y, {.batch_size = 8, .verbose = Verbose::silent});
    model.fit(x, y, {.batch_size = 8, .verbose = Verbose::silent});
    CHECK(weights_of(model) ==
          trained_weights(x, y, {.batch_size = 8, .epochs = 2, .verbose = Verbose::silent}));
  }

  TEST_CASE("fit: bytes and integers are the same numbers as floats") {
    Tensor<std::uint8_t, 4> bytes(12, 8, 8, 1);
    Tensor<std::int32_t, 4> integers(12, 8, 8, 1);
    Tensor<float, 4> floats(12, 8, 8, 1);
    for (Index i = 0; i < bytes.size(); ++i) {
      bytes.data()[i] = static_cast<std::uint8_t>(i * 37 % 256);
      integers.data()[i] = bytes.data()[i];
      floats.data()[i] = static_cast<float>(bytes.data()[i]);
    }
    const Labels y = counted_labels(12, 3);
    const FitOptions options{.batch_size = 5, .verbose = Verbose::silent, .validation_split = 0.25};
    CHECK(trained_weights(bytes, y, options) == trained_weights(floats, y, options));
    CHECK(trained_weights(integers, y, options) == trained_weights(floats, y, options));
  }

  TEST_CASE("fit: labels may be [N] or [N, 1]") {
    const auto x = random_tensor<float, 4>({12, 8, 8, 1}, 6);
    const Labels y = counted_labels(12, 3);
    const TensorMap<const std::int32_t, 2> column(y.data(), 12, 1);
    const FitOptions options{.batch_size = 5, .verbose = Verbose::silent};
    CHECK(trained_weights(x, column, options) == trained_weights(x, y, options));
  }
}

}  // namespace nn
