// SPDX-License-Identifier: MIT
// Regularizers and constraints in training.
#include "nn/layer/penalties.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "nn/callbacks/backup_and_restore.hpp"
#include "nn/callbacks/lambda_callback.hpp"
#include "nn/layers/regularization/activity_regularization.hpp"
#include "nn/sequential.hpp"
#include "tests/io/temporary_folder.hpp"

namespace nn {
namespace {

/// x [2, 2], y [2, 1].
struct TwoSamples {
  Tensor<double, 2> x{2, 2}, y{2, 1};
  TwoSamples() {
    x.setValues({{1, 2}, {3, -1}});
    y.setValues({{1}, {2}});
  }
};

void set_values(Sequential<double>& model, const std::vector<double>& values) {
  auto next = values.begin();
  for (const auto& parameter : model.parameters()) {
    auto value = parameter.value();
    for (Index i = 0; i < value.size(); ++i) value(i) = *next++;
  }
}

/// y = x W + b with W = (0.5, -2), b = 1 and learning rate 0.1.
Sequential<double> penalized_model(const DenseOptions& options, const auto& optimizer) {
  Sequential<double> model{Dense<double>{1, options}};
  model.build({2});
  set_values(model, {0.5, -2, 1});
  model.compile(optimizer, MeanSquaredError{});
  return model;
}
Sequential<double> penalized_model(const DenseOptions& options) {
  return penalized_model(options, SGD{{.learning_rate = 0.1}});
}

std::vector<double> rounded_weights(const Sequential<double>& model) {
  std::vector<double> all;
  for (const auto& parameter : model.parameters()) {
    const auto value = parameter.value();
    for (Index i = 0; i < value.size(); ++i) all.push_back(std::round(value(i) * 1e9) / 1e9);
  }
  return all;
}
using RoundedValues = std::vector<double>;

}  // namespace

TEST_SUITE("training/penalties") {
  // Predictions -2.5 and 4.5: errors -3.5 and 2.5, loss 9.25; dW = (4, -9.5), db = -1.

  TEST_CASE("Penalties: an update adds their gradients, and the loss has their values") {
    const TwoSamples data;
    auto plain = penalized_model({});
    CHECK(plain.train_on_batch(data.x, data.y)["loss"] == doctest::Approx(9.25));
    CHECK(rounded_weights(plain) == RoundedValues{0.1, -1.05, 1.1});
    auto model = penalized_model({.kernel_regularizer = L2{0.5}, .bias_regularizer = L1{0.25}});
    const double penalty = 0.5 * 4.25 + 0.25;
    CHECK(penalty_of(model.parameters()) == doctest::Approx(penalty));
    CHECK(model.evaluate(data.x, data.y)["loss"] == doctest::Approx(9.25 + penalty));
    CHECK(model.test_on_batch(data.x, data.y)["loss"] == doctest::Approx(9.25 + penalty));
    CHECK(model.train_on_batch(data.x, data.y)["loss"] == doctest::Approx(9.25 + penalty));
    CHECK(rounded_weights(model) == RoundedValues{0.05, -0.85, 1.075});
  }

  TEST_CASE("Penalties: the loss of an epoch has those of each batch, as often as it has samples") {
    const TwoSamples data;
    auto model = penalized_model({.use_bias = false, .kernel_regularizer = L2{0.5}},
                                 SGD{{.learning_rate = 0}});
    set_values(model, {0.5, -2});
    auto plain = model;
    const double with =
        model.fit(data.x, data.y, {.batch_size = 1, .verbose = Verbose::silent})["loss"][0];
    CHECK(with == doctest::Approx(model.evaluate(data.x, data.y)["loss"]));
    model.freeze();
    CHECK(model.evaluate(data.x, data.y)["loss"] == doctest::Approx(with - 0.5 * 4.25));
  }

  TEST_CASE("Penalties: Adam with and without a rule in backward agree on what is not penalized") {
    const TwoSamples data;
    auto plain = penalized_model({}, Adam{});
    auto penalized = penalized_model({.bias_regularizer = L2{0}}, Adam{});
    for (int i = 0; i < 3; ++i) {
      static_cast<void>(plain.train_on_batch(data.x, data.y));
      static_cast<void>(penalized.train_on_batch(data.x, data.y));
    }
    CHECK(rounded_weights(plain) == rounded_weights(penalized));
  }

  TEST_CASE("Penalties: those on activities are a mean over samples, in training and evaluation") {
    const TwoSamples data;
    Sequential<double> model{Dense<double>{1}, ActivityRegularization<double>{{.l2 = 0.5}}};
    model.build({2});
    set_values(model, {0.5, -2, 1});
    model.compile(SGD{{.learning_rate = 0.1}}, MeanSquaredError{});
    const double penalty = 0.5 * (2.5 * 2.5 + 4.5 * 4.5) / 2;
    CHECK(model.evaluate(data.x, data.y)["loss"] == doctest::Approx(9.25 + penalty));
    CHECK(model.evaluate(data.x, data.y, {.batch_size = 1})["loss"] ==
          doctest::Approx(9.25 + penalty));
    CHECK(model.train_on_batch(data.x, data.y)["loss"] == doctest::Approx(9.25 + penalty));
    // dz = (-3.5, 2.5) + 0.5 (-2.5, 4.5) = (-4.75, 4.75)
    CHECK(rounded_weights(model) == RoundedValues{-0.45, -0.575, 1});
  }

  TEST_CASE("Constraints: each update ends with them") {
    const TwoSamples data;
    auto model = penalized_model({.kernel_constraint = NonNeg{}, .bias_constraint = MaxNorm{1}});
    static_cast<void>(model.train_on_batch(data.x, data.y));
    CHECK(rounded_weights(model) == RoundedValues{0.1, 0, 0.999999909});
    auto of_length_1 = penalized_model({.kernel_constraint = UnitNorm{}});
    static_cast<void>(of_length_1.fit(data.x, data.y, {.epochs = 3, .verbose = Verbose::silent}));
    const RoundedValues w = rounded_weights(of_length_1);
    CHECK(w[0] * w[0] + w[1] * w[1] == doctest::Approx(1).epsilon(1e-6));
    auto frozen = penalized_model({.kernel_constraint = NonNeg{}});
    frozen.freeze();
    static_cast<void>(frozen.train_on_batch(data.x, data.y));
    CHECK(rounded_weights(frozen) == RoundedValues{0.5, -2, 1});
  }

  TEST_CASE("Penalties: loops of one's own add and apply them") {
    const TwoSamples data;
    auto model = penalized_model({.kernel_regularizer = L2{0.5}, .bias_constraint = MaxNorm{0.5}});
    auto fitted = model;
    static_cast<void>(fitted.train_on_batch(data.x, data.y));
    Workspace workspace;
    model.zero_gradients();
    const auto result = model.forward(data.x, workspace);
    Tensor<double, 2> dy = result - data.y;  // of a mean of two squares
    model.backward(dy, workspace);
    CHECK(add_penalties(model.parameters()) == doctest::Approx(0.5 * 4.25));
    SGD{{.learning_rate = 0.1}}.step(model.parameters());
    apply_constraints(model.parameters());
    CHECK(rounded_weights(model) == rounded_weights(fitted));
  }

  TEST_CASE("Penalties: a training with all of them is Keras'") {
    // Computed by Keras 3.15.1 in double, with the same layers, SGD and data; it reports losses as
    // floats. Weight number i of each is the sine below.
    Sequential<double> model{
        Conv2D<double>{2,
                       3,
                       {.activation = Activation::relu,
                        .kernel_regularizer = L2{0.02},
                        .bias_regularizer = L1{0.05},
                        .kernel_constraint = MaxNorm{0.9, {0, 1, 2}}}},
        Flatten<double>{}, ActivityRegularization<double>{{.l1 = 0.01, .l2 = 0.02}},
        Dense<double>{
            3,
            {.kernel_regularizer = OrthogonalRegularizer{0.1, OrthogonalMode::of_columns},
             .kernel_constraint = MinMaxNorm{.min_value = 0.2, .max_value = 0.8, .rate = 0.5},
             .bias_constraint = NonNeg{}}},
        Softmax<double>{}};
    model.build({5, 5, 1});
    std::vector<double> first;
    for (int i = 0; i < 18; ++i) first.push_back(0.5 * std::sin(1.3 * i + 0.4));
    first.insert(first.end(), {0.1, -0.2});
    for (int i = 0; i < 54; ++i) first.push_back(0.5 * std::sin(0.7 * i + 0.9));
    first.insert(first.end(), {0.1, 0.2, -0.1});
    set_values(model, first);
    Tensor<double, 4> x(8, 5, 5, 1);
    Labels y(8);
    for (int i = 0; i < 200; ++i) x.data()[i] = std::sin(2.1 * i + 0.3);
    for (int i = 0; i < 8; ++i) y(i) = i % 3;
    model.compile(SGD{{.learning_rate = 0.1, .momentum = 0.9}}, SparseCategoricalCrossentropy{});
    const double losses[] = {1.3002638816833496, 1.2196356058120728, 1.1845026016235352,
                             1.1223288774490356, 1.1017392873764038, 1.0002946853637695};
    for (Index step = 0; step < 6; ++step) {
      const Index begin = step % 2 * 4;
      const Tensor<double, 4> x_batch =
          x.slice(Eigen::array<Index, 4>{begin, 0, 0, 0}, Eigen::array<Index, 4>{4, 5, 5, 1});
      const Labels y_batch = y.slice(Eigen::array<Index, 1>{begin}, Eigen::array<Index, 1>{4});
      CHECK(model.train_on_batch(x_batch, y_batch)["loss"] ==
            doctest::Approx(losses[step]).epsilon(1e-6));
    }
    CHECK(model.evaluate(x, y, {.batch_size = 3})["loss"] ==
          doctest::Approx(0.8803824782371521).epsilon(1e-6));
    const double weights[] = {0.17912577047109418, -0.08104011052766007, 0.2054245693282594,
                              0.18546470999717712};
    const double sums[] = {0.47652813307870384, -0.18785445799856837, 0.016879204532303835,
                           0.3759431093931198};
    std::size_t i = 0;
    for (const auto& parameter : model.parameters()) {
      CAPTURE(parameter.name);
      const auto value = parameter.value();
      CHECK(value(0) == doctest::Approx(weights[i]).epsilon(1e-7));
      double sum = 0;
      for (Index j = 0; j < value.size(); ++j) sum += value(j);
      CHECK(sum == doctest::Approx(sums[i++]).epsilon(1e-7));
    }
    const History history = model.fit(x, y,
                                      {.batch_size = 3,
                                       .epochs = 2,
                                       .verbose = Verbose::silent,
                                       .validation_split = 0.25,
                                       .shuffle = false});
    CHECK(history["loss"][0] == doctest::Approx(0.81058669090271).epsilon(1e-6));
    CHECK(history["loss"][1] == doctest::Approx(0.5105642080307007).epsilon(1e-6));
    CHECK(history["val_loss"][1] == doctest::Approx(0.4456784427165985).epsilon(1e-6));
  }

  TEST_CASE("Penalties: a run that goes on in the middle of an epoch reports those before") {
    const testing::TemporaryFolder folder;
    const TwoSamples data;
    const auto fit = [&](std::vector<Callback> callbacks) {
      auto model = penalized_model({.kernel_regularizer = L2{0.5}, .bias_regularizer = L1{0.25}});
      const History history = model.fit(data.x, data.y,
                                        {.batch_size = 1,
                                         .epochs = 2,
                                         .verbose = Verbose::silent,
                                         .callbacks = std::move(callbacks)});
      return history["loss"];
    };
    const BackupAndRestore backup{{.path = folder.path("run.ckpt"), .save_freq = 1}};
    int batches_left = 3;
    const LambdaCallback crash{{.on_batch_end = [&batches_left](FitContext&) {
      if (--batches_left == 0) throw std::runtime_error("crash");
    }}};
    CHECK_THROWS_AS(static_cast<void>(fit({backup, crash})), std::runtime_error);
    CHECK(batches_left == 0);
    CHECK(fit({backup, LambdaCallback{{}}}) == fit({}));
  }

  TEST_CASE("Penalties: files keep them") {
    const testing::TemporaryFolder folder;
    const TwoSamples data;
    auto model = penalized_model({.kernel_regularizer = L2{0.5}, .bias_constraint = MaxNorm{0.5}});
    model.save(folder.path("model.safetensors"), {.optimizer = true});
    auto loaded = Sequential<double>::load(folder.path("model.safetensors"));
    CHECK(loaded.train_on_batch(data.x, data.y)["loss"] ==
          model.train_on_batch(data.x, data.y)["loss"]);
    CHECK(rounded_weights(loaded) == rounded_weights(model));
  }
}

}  // namespace nn
