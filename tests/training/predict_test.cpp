// SPDX-License-Identifier: MIT
#include "nn/training/predict.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <new>
#include <thread>
#include <vector>

#include "nn/metrics/precision.hpp"
#include "nn/training/forward_backward.hpp"
#include "nn/training/train_on_batch.hpp"
#include "tests/testing/allocations.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::image_model;
using testing::num_allocations;
using testing::random_tensor;

template <class A, class B>
bool equal(const A& a, const B& b) {
  return shape_of(a) == shape_of(b) && std::equal(a.data(), a.data() + a.size(), b.data());
}

}  // namespace

TEST_SUITE("training/predict") {
  TEST_CASE("predict: rows of probabilities, as at inference") {
    const Sequential<float> model = image_model();
    const auto y = model.predict(random_tensor<float, 4>({5, 8, 8, 1}, 2));
    REQUIRE(shape_of(y) == Shape{5, 3});
    for (Index row = 0; row < 5; ++row) {
      CHECK(y(row, 0) + y(row, 1) + y(row, 2) == doctest::Approx(1));
    }
    CHECK(equal(y, model.predict(random_tensor<float, 4>({5, 8, 8, 1}, 2))));
  }

  TEST_CASE("predict: does not depend on the size of batches") {
    const Sequential<float> model = image_model();
    const auto x = random_tensor<float, 4>({11, 8, 8, 1}, 2);
    const auto all = model.predict(x);
    for (const Index batch_size :
         {Index{1}, Index{4}, Index{11}, std::numeric_limits<Index>::max()}) {
      CAPTURE(batch_size);
      const auto y = model.predict(x, {.batch_size = batch_size});
      for (Index i = 0; i < all.size(); ++i) {
        CHECK(y.data()[i] == doctest::Approx(all.data()[i]).epsilon(1e-5));
      }
    }
  }

  TEST_CASE("predict: batches share packed weights, and only those of one call") {
    Sequential<float> model{Dense{700, {.activation = Activation::relu}},
                            Sequential<float>{Dense{130}, ReLU{}, Dense{3}}};
    model.build({100}, {.seed = 1});
    const auto x = random_tensor<float, 2>({300, 100}, 2);
    Workspace workspace;
    Tensor<float, 2> y, alone(300, 3);
    for (int call = 0; call < 3; ++call) {
      CAPTURE(call);
      model.predict(x, y, workspace);  // batches of 128, 128 and 44
      for (const auto precision : {ProductPrecision(), Precision::bfloat16}) {
        alone = model.predict(x, {.batch_size = 300, .precision = precision});
        CHECK(equal(model.predict(x, {.batch_size = 50, .precision = precision}), alone));
        if (precision == NumberFormat::float32) CHECK(equal(y, alone));
      }
      for (auto& parameter : model.parameters()) parameter.value()(0) += 0.5f;
    }
    CHECK(shape_of(model.predict(x, {.batch_size = 1})) == Shape{300, 3});
    model.quantize(NumberFormat::int8);
    CHECK(equal(model.predict(x, {.batch_size = 50}), model.predict(x, {.batch_size = 300})));
  }

  TEST_CASE("predict: four threads at once give what one gives") {
    const Sequential<float> model = image_model();
    const auto x = random_tensor<float, 4>({9, 8, 8, 1}, 2);
    const auto expected = model.predict(x);
    std::vector<int> num_equal(4);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        Workspace workspace;
        Tensor<float, 2> y;
        for (int round = 0; round < 5; ++round) {
          model.predict(x, y, workspace);
          num_equal[t] += equal(y, expected) && equal(model.predict(x), expected);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(num_equal == std::vector<int>{5, 5, 5, 5});
  }

  TEST_CASE("predict: with a workspace the second call allocates nothing") {
    const Sequential<float> model = image_model();
    const auto x = random_tensor<float, 4>({9, 8, 8, 1}, 2);
    Tensor<std::uint8_t, 4> bytes(4, 8, 8, 1);
    bytes.setConstant(3);
    Tensor<float, 2> y, y_bytes;
    Workspace workspace;
    model.predict(x, y, workspace);
    model.predict(bytes, y_bytes, workspace);
    const Index before = num_allocations();
    model.predict(x, y, workspace);
    model.predict(bytes, y_bytes, workspace);
    CHECK(num_allocations() - before == 0);
    CHECK(equal(y, model.predict(x)));
    CHECK(equal(y_bytes, model.predict(bytes)));
  }

  TEST_CASE("predict: writes into a map of the right shape, and refuses another") {
    const Sequential<float> model = image_model();
    const auto x = random_tensor<float, 4>({2, 8, 8, 1}, 2);
    std::vector<float> memory(7, -1.0f);
    Workspace workspace;
    TensorMap<float, 2> y(memory.data(), 2, 3);
    model.predict(x, y, workspace);
    CHECK(equal(y, model.predict(x)));
    CHECK(memory[6] == -1);
    TensorMap<float, 2> small(memory.data(), 2, 2);
    CHECK_THROWS_WITH_AS(model.predict(x, small, workspace),
                         "Model::predict: expected a result of shape [2, 3], got [2, 2]",
                         ShapeError);
  }

  TEST_CASE("predict: other ranks are asked for by number") {
    Sequential model{Conv2D{3, {3, 3}}};
    model.build({8, 6, 1});
    const auto x = random_tensor<float, 4>({2, 8, 6, 1}, 2);
    CHECK(shape_of(model.predict<4>(x)) == Shape{2, 6, 4, 3});
    CHECK_THROWS_WITH_AS(static_cast<void>(model.predict(x)),
                         "Model::predict: expected a result of rank 4, got rank 2 (samples of "
                         "the output have shape [6, 4, 3]); give the template argument 4",
                         ShapeError);
  }

  TEST_CASE("predict: no samples give no rows") {
    const Sequential<float> model = image_model();
    CHECK(shape_of(model.predict(Tensor<float, 4>(0, 8, 8, 1))) == Shape{0, 3});
  }

  TEST_CASE("predict: refuses what doesn't fit") {
    const Sequential<float> model = image_model();
    const auto predict = [&](const auto& x, const PredictOptions& options) {
      static_cast<void>(model.predict(x, options));
    };
    CHECK_THROWS_WITH_AS(
        predict(random_tensor<float, 4>({2, 8, 9, 1}, 2), {}),
        "Model::predict: expected samples of shape [8, 8, 1], got [8, 9, 1] (x [2, 8, 9, 1])",
        ShapeError);
    CHECK_THROWS_WITH_AS(
        predict(random_tensor<double, 4>({2, 8, 8, 1}, 2), {}),
        "Model::predict: expected samples of float, std::int32_t or std::uint8_t, got double",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(predict(random_tensor<float, 4>({2, 8, 8, 1}, 2), {.batch_size = 0}),
                         "Model::predict: expected a positive batch_size, got 0",
                         std::invalid_argument);
    const Sequential unbuilt{Dense{2}};
    CHECK_THROWS_WITH_AS(static_cast<void>(unbuilt.predict(random_tensor<float, 2>({2, 2}, 1))),
                         "Model::predict: expected a built model, got one whose input shape "
                         "is not known; call build({height, width, channels}) or fit first",
                         std::invalid_argument);
  }

  TEST_CASE("predict, forward: refuse sizes whose product can't be counted") {
    Sequential model{Dense{4096}};
    model.build({1});
    const float sample = 1;  // the only sample in memory
    const ConstTensorMap<float, 2> x(&sample, Index{1} << 52, 1);
    CHECK_THROWS_WITH_AS(static_cast<void>(model.predict(x)),
                         "Shape: expected a number of elements that fits 63 bits, got "
                         "[4503599627370496, 4096]",
                         ShapeError);
    Workspace workspace;
    Tensor<float, 2> y;
    CHECK_THROWS_AS(model.predict(x, y, workspace), ShapeError);
    CHECK_THROWS_AS(static_cast<void>(model.forward(x, workspace)), std::bad_array_new_length);
  }

  TEST_CASE("predict: refuses to write over its samples") {
    Sequential<float> model{Dense{2}};
    model.build({2});
    auto x = testing::random_tensor<float, 2>({3, 2}, 1);
    Workspace workspace;
    CHECK_THROWS_WITH_AS(model.predict(x, x, workspace),
                         "Model::predict: expected a result with memory of its own, got x itself",
                         std::invalid_argument);
  }
}

}  // namespace nn
