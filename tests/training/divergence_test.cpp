// SPDX-License-Identifier: MIT
// Trainings that diverge: what is reported of them, and what stops them.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "nn/callbacks/terminate_on_nan.hpp"
#include "nn/core/finite.hpp"
#include "nn/losses/mean_squared_error.hpp"
#include "nn/metrics/precision.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/training/fit.hpp"
#include "tests/training/paper.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::Paper;
using testing::random_tensor;

/// Passes x on, but NaN in the third batch.
class Spoiler {
 public:
  using Scalar = float;
  explicit Spoiler(int* batches) : batches_(batches) {}

  [[nodiscard]] static std::string name() { return "Spoiler"; }
  [[nodiscard]] static Shape output_shape(const Shape& input) { return input; }
  void forward(ConstTensorMap<float, 2> x, TensorMap<float, 2> y, const Pass&) const {
    y = x;
    if (++*batches_ == 3) y(0, 0) = std::nanf("");
  }
  static void backward(ConstTensorMap<float, 2>, ConstTensorMap<float, 2>, TensorMap<float, 2> dy,
                       TensorMap<float, 2> dx, const Pass&) {
    dx = dy;
  }

 private:
  int* batches_;
};

/// A loss that is infinite from the start.
struct Endless {
  [[nodiscard]] static std::string name() { return "endless"; }
  double operator()(const ScoredBatch<float>& batch, float* row_losses, float* gradient) const {
    std::fill_n(row_losses, batch.rows, 0.0f);
    if (gradient != nullptr) std::fill_n(gradient, batch.rows * batch.classes, 0.0f);
    return std::numeric_limits<double>::infinity();
  }
};

/// Trains on 8 samples in batches of 2, in order.
History trained(Sequential<float>& model, Index epochs, std::vector<Callback> callbacks = {},
                std::FILE* stream = nullptr, float last_x = 0) {
  auto x = random_tensor<float, 2>({8, 2}, 1);
  if (last_x != 0) x(7, 1) = last_x;
  return model.fit(x, counted_labels(8, 3),
                   {.batch_size = 2,
                    .epochs = epochs,
                    .verbose = Verbose::line,
                    .callbacks = std::move(callbacks),
                    .shuffle = false,
                    .stream = stream});
}

Sequential<float> classifier(double learning_rate = 0.1) {
  Sequential<float> model{Dense{4}, ReLU{}, Dense{3}, Softmax{}};
  model.build({2}, {.seed = 1});
  model.compile(SGD{{.learning_rate = learning_rate}}, SparseCategoricalCrossentropy{});
  return model;
}

}  // namespace

TEST_SUITE("training/divergence") {
  TEST_CASE("is_finite: by the bits") {
    CHECK(is_finite(std::numeric_limits<float>::max()));
    CHECK(is_finite(std::numeric_limits<double>::denorm_min()));
    CHECK_FALSE(is_finite(-std::numeric_limits<float>::infinity()));
    CHECK_FALSE(is_finite(std::nan("")));
    const std::vector<float> x{0, 1, std::nanf(""), 2};
    CHECK(first_non_finite(x.data(), 4) == 2);
    CHECK(first_non_finite(x.data(), 2) == 2);
  }

  TEST_CASE("fit: a training that stays finite has no divergence") {
    Sequential<float> model = classifier();
    CHECK_FALSE(trained(model, 2, {TerminateOnNaN{}}).divergence());
  }

  TEST_CASE("fit: says that a target is not finite") {
    const auto x = random_tensor<float, 2>({8, 2}, 1);
    std::vector<float> y(8);
    y[5] = std::numeric_limits<float>::infinity();
    Sequential model{Dense{1}};
    model.compile(SGD{}, MeanSquaredError{});
    const FitOptions options{.batch_size = 2, .verbose = Verbose::silent, .shuffle = false};
    const History history = model.fit(x, y, options);
    REQUIRE(history.divergence());
    CHECK(history.divergence()->step == 2);
    CHECK(history.divergence()->tensor == "y");
  }

  TEST_CASE("fit: goes on with a loss of NaN, and says from when and by which tensor") {
    Sequential<float> model = classifier();
    const Paper paper;
    const History history = trained(model, 2, {}, paper.stream, std::nanf(""));
    REQUIRE(history.divergence());
    CHECK(history.divergence()->step == 3);
    CHECK(history.divergence()->tensor == "x");
    CHECK(history.epochs().size() == 2);
    CHECK(std::isnan(history["loss"].back()));
    const std::string text = paper.text();
    CAPTURE(text);
    const std::string line = " - loss: nan - diverged at step 3: x is not finite\n";
    const auto first = text.find(line);
    CHECK(first < text.size());
    CHECK(text.find(line, first + 1) < text.size());  // in each epoch
  }

  TEST_CASE("TerminateOnNaN: ends after the first batch whose loss is not finite") {
    int batches = 0;
    Sequential<float> model{Dense{3}, Spoiler{&batches}, Softmax{}};
    model.compile(SGD{}, SparseCategoricalCrossentropy{});
    const History history = trained(model, 5, {TerminateOnNaN{}});
    CHECK(batches == 3);
    CHECK(history.epochs().size() == 1);
    REQUIRE(history.divergence());
    CHECK(history.divergence()->to_string() == "diverged at step 2: 1.spoiler.y is not finite");
  }

  TEST_CASE("Divergence: names weights, results and losses") {
    const auto tensor_of = [](Sequential<float> model) {
      const History history = trained(model, 1, {TerminateOnNaN{}});
      REQUIRE(history.divergence());
      return history.divergence()->tensor;
    };
    CHECK(tensor_of(classifier(1e39)) == "0.dense.kernel");  // after the first step

    Sequential<float> overflowing = classifier();
    overflowing.parameters().named()[2].value().setConstant(3e38f);  // the second kernel
    overflowing.parameters().named()[0].value().setConstant(8);
    overflowing.parameters().named()[1].value().setConstant(20);
    CHECK(tensor_of(overflowing) == "2.dense.y");

    Sequential<float> lost = classifier();
    lost.compile(SGD{}, Endless{});
    CHECK(tensor_of(lost) == "loss");
  }

  TEST_CASE("Divergence: looks into results that are kept in bfloat16") {
    Sequential<float> model{Conv2D{2, 3, {.activation = Activation::relu}}, Flatten{}, Dense{3},
                            Softmax{}};
    model.build({4, 4, 1}, {.seed = 1});
    model.compile(SGD{}, SparseCategoricalCrossentropy{}, {}, {.precision = Precision::bfloat16});
    auto x = random_tensor<float, 4>({2, 4, 4, 1}, 1);
    x.setConstant(10);
    model.parameters().named()[0].value().setConstant(3e38f);
    const History history =
        model.fit(x, counted_labels(2, 3), {.verbose = Verbose::silent, .callbacks = {}});
    REQUIRE(history.divergence());
    CHECK(history.divergence()->tensor == "0.conv2d.y");
  }
}

}  // namespace nn
