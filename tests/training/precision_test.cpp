// SPDX-License-Identifier: MIT
// Training in bfloat16: compile's option `precision`.
#include "nn/metrics/precision.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "nn/model/compiled.hpp"
#include "nn/training/fit.hpp"
#include "nn/training/train_on_batch.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::image_model;
using testing::random_tensor;
using testing::weights_of;
using testing::WholeStep;

Sequential<float> model_in(ProductPrecision precision) {
  Sequential<float> model = image_model();
  model.compile(Adam{{.learning_rate = 0.01}}, SparseCategoricalCrossentropy{}, {Accuracy{}},
                {.precision = precision});
  return model;
}

std::vector<float> weights_after_steps(ProductPrecision precision, int steps) {
  Sequential<float> model = model_in(precision);
  const auto x = random_tensor<float, 4>({12, 8, 8, 1}, 2);
  for (int i = 0; i < steps; ++i) {
    static_cast<void>(model.train_on_batch(x, counted_labels(12, 3)));
  }
  return weights_of(model);
}

/// Keeps its result in float, whatever layer reads it.
struct FloatConv2D : Conv2D<float> {
  using Conv2D<float>::Conv2D;
  static constexpr Promises promises = [] {
    Promises promised = Conv2D<float>::promises;
    promised.writes_bfloat16 = false;
    return promised;
  }();
};

/// Convolutions of the kind C, the last of them in front of a Dense layer.
template <class C>
Sequential<float> convolutions(int count, Activation activation) {
  Sequential<float> model;
  for (int i = 0; i < count; ++i) model.add(C{16, 3, {.activation = activation}});
  model.add(Flatten{});
  model.add(Dense{5, {.activation = Activation::relu}});
  model.add(Dense{3, {.activation = Activation::softmax}});
  model.build({8, 9, 1}, {.seed = 3});
  return model;
}

/// Weights after two steps of training, and a prediction.
template <class Optimizer>
std::vector<float> numbers_of(Sequential<float> model, const Optimizer& optimizer) {
  model.compile(optimizer, SparseCategoricalCrossentropy{}, {}, {.precision = Precision::bfloat16});
  const auto x = random_tensor<float, 4>({7, 8, 9, 1}, 2);
  for (int i = 0; i < 2; ++i) {
    static_cast<void>(model.train_on_batch(x, counted_labels(7, 3)));
  }
  std::vector<float> numbers = weights_of(model);
  const Tensor<float, 2> y = model.predict(x, {.precision = Precision::bfloat16});
  numbers.insert(numbers.end(), y.data(), y.data() + y.size());
  return numbers;
}

}  // namespace

TEST_SUITE("training/precision") {
  TEST_CASE("compile: bfloat16 follows the training in float, and is not the same") {
    for (const int steps : {1, 5}) {
      CAPTURE(steps);
      const std::vector<float> full = weights_after_steps(Precision::float32, steps);
      const std::vector<float> half = weights_after_steps(Precision::bfloat16, steps);
      CHECK(full != half);
      double squares = 0, differences = 0;
      for (std::size_t i = 0; i < full.size(); ++i) {
        squares += full[i] * full[i];
        differences += (full[i] - half[i]) * (full[i] - half[i]);
      }
      CHECK(differences < 1e-3 * squares);
    }
  }

  TEST_CASE("compile: weights of a model that trains in bfloat16 are floats") {
    const std::vector<float> weights = weights_after_steps(Precision::bfloat16, 2);
    CHECK(std::any_of(weights.begin(), weights.end(),
                      [](float w) { return round_to_bfloat16(w) != w; }));
  }

  TEST_CASE("compile: the precision concerns training; predictions are in float unless asked") {
    const auto x = random_tensor<float, 4>({4, 8, 8, 1}, 2);
    const Tensor<float, 2> full = model_in(Precision::float32).predict(x);
    const Tensor<float, 2> half = model_in(Precision::bfloat16).predict(x);
    CHECK(std::equal(full.data(), full.data() + full.size(), half.data()));
  }

  TEST_CASE("predict: in bfloat16 is near to float, for any size of batches, and not the same") {
    const Sequential<float> model = model_in(Precision::float32);
    const auto x = random_tensor<float, 4>({9, 8, 8, 1}, 2);
    const Tensor<float, 2> full = model.predict(x);
    const Tensor<float, 2> half = model.predict(x, {.precision = Precision::bfloat16});
    const Tensor<float, 2> parts =
        model.predict(x, {.batch_size = 4, .precision = Precision::bfloat16});
    CHECK(std::equal(half.data(), half.data() + half.size(), parts.data()));
    CHECK(!std::equal(full.data(), full.data() + full.size(), half.data()));
    for (Index i = 0; i < full.size(); ++i) {
      CHECK(std::abs(full.data()[i] - half.data()[i]) < 0.02);
    }
  }

  TEST_CASE("predict: refuses a precision where quantised weights say it") {
    Sequential<float> model = model_in(Precision::float32);
    model.quantize(Precision::int8);
    const auto x = random_tensor<float, 4>({2, 8, 8, 1}, 2);
    CHECK_THROWS_WITH_AS(
        static_cast<void>(model.predict(x, {.precision = Precision::bfloat16})),
        "Model::predict, precision: expected a model with float32 weights, got int8 weights "
        "(quantised for inference); use a copy from before quantize",
        std::invalid_argument);
  }

  TEST_CASE("compile: learns in bfloat16, the same bits for any number of threads") {
    Tensor<float, 2> x(90, 8);
    const Labels y = counted_labels(90, 3);
    for (Index i = 0; i < 90; ++i) {
      for (Index j = 0; j < 8; ++j) {
        x(i, j) = (j % 3 == i % 3 ? 1.0f : 0.0f) + 0.001f * static_cast<float>(i);
      }
    }
    std::vector<std::vector<float>> weights;
    for (const int threads : {1, 2}) {
      Sequential model{Dense{40, {.activation = Activation::relu}}, Dense{3}, Softmax{}};
      model.build({8}, {.seed = 1});
      model.compile(Adam{{.learning_rate = 0.01}}, SparseCategoricalCrossentropy{}, {Accuracy{}},
                    {.precision = Precision::bfloat16});
      const int before = num_threads();
      set_num_threads(threads);
      static_cast<void>(
          model.fit(x, y, {.batch_size = 30, .epochs = 20, .verbose = Verbose::silent}));
      set_num_threads(before);
      CHECK(model.evaluate(x, y)["accuracy"] == 1);
      weights.push_back(weights_of(model));
    }
    CHECK(weights[0] == weights[1]);
  }

  TEST_CASE("compile: a convolution's result that is kept in bfloat16 changes no bit") {
    for (const int count : {1, 2}) {
      CAPTURE(count);
      for (const Activation activation : {Activation::relu, Activation::linear, Activation::tanh}) {
        CAPTURE(std::string{to_string(activation)});
        const auto model = convolutions<Conv2D<float>>(count, activation);
        const auto in_float = convolutions<FloatConv2D>(count, activation);
        CHECK(numbers_of(model, Adam{}) == numbers_of(in_float, Adam{}));
        CHECK(numbers_of(model, WholeStep<Adam>{Adam{}}) ==
              numbers_of(in_float, WholeStep<Adam>{Adam{}}));
      }
    }
  }

  TEST_CASE("compile: refuses a precision that it can't train in") {
    Sequential<double> doubles{Dense<double>{3}};
    CHECK_THROWS_WITH_AS(doubles.compile(Adam{}, SparseCategoricalCrossentropy{}, {},
                                         {.precision = Precision::bfloat16}),
                         "Model::compile: expected precision float32 in a model of doubles, "
                         "got bfloat16; make a model of floats",
                         std::invalid_argument);
  }
}

}  // namespace nn
