// SPDX-License-Identifier: MIT
#include "nn/training/train_on_batch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "nn/metrics/precision.hpp"
#include "nn/optimizers/sgd.hpp"
#include "nn/training/fit.hpp"
#include "nn/training/forward_backward.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::image_model;
using testing::random_tensor;
using testing::RandomMask;
using testing::weights_of;
using testing::WholeStep;

/// A layer that makes no promise: y = s x, with a parameter s.
struct OwnScale {
  using Scalar = float;
  static constexpr int input_rank = 2;
  [[nodiscard]] static std::string name() { return "OwnScale"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }
  void forward(ConstTensorMap<float, 2> x, TensorMap<float, 2> y, const Pass&) const {
    y = x * s.value()(0);
  }
  void backward(ConstTensorMap<float, 2> x, ConstTensorMap<float, 2>, TensorMap<float, 2> dy,
                TensorMap<float, 2> dx, const Pass&) const {
    for (Index i = 0; i < x.size(); ++i) s.gradient()(0) += x.data()[i] * dy.data()[i];
    dx = dy * s.value()(0);
  }
  void parameters(const Shape&, ParameterList<float>& list) {
    list.add(s, "s", {1}, GlorotUniform{});
  }
  Parameter<float, 1> s;
};

/// The dy [rows, cols] that a layer received, in columns or at once.
struct SeenGradient final : kernels::ColumnReader<float> {
  SeenGradient() : ColumnReader(1) {}
  void begin(Index) override { came_in_columns = true; }
  void read(Index, Index first, kernels::Matrix<const float> columns) override {
    for (Index j = 0; j < columns.cols; ++j) {
      for (Index i = 0; i < columns.rows; ++i) dy(i, first + j) = columns(i, j);
    }
  }
  void end() override {}

  bool came_in_columns = false;
  Tensor<float, 2> dy;
};

/// y = x, with a parameter that never changes; reads its dy in columns.
struct Reading : OwnScale {
  static constexpr Promises promises{.takes_dy_in_columns = true};
  explicit Reading(SeenGradient& to) : seen(&to) {}
  void forward(ConstTensorMap<float, 2> x, TensorMap<float, 2> y, const Pass&) const { y = x; }
  void backward(ConstTensorMap<float, 2>, ConstTensorMap<float, 2>, TensorMap<float, 2> dy,
                TensorMap<float, 2> dx, const Pass& pass) const {
    seen->dy = dy;
    if (pass.needs_dx) dx = dy;
  }
  [[nodiscard]] kernels::ColumnReader<float>* dy_reader(ConstTensorMap<float, 2> x,
                                                        ConstTensorMap<float, 2>,
                                                        const Pass&) const {
    seen->dy.resize(x.dimension(0), x.dimension(1));
    return seen;
  }
  SeenGradient* seen;
};

/// Trains a model of `layers` and a closing Dense one step, on samples of this shape.
template <class Optimizer, class... Layers>
void take_step(const Optimizer& optimizer, const Shape& sample, Layers... layers) {
  Sequential<float> model{layers..., Flatten{}, Dense{3}};
  model.build(sample, {.seed = 3});
  model.compile(optimizer, SparseCategoricalCrossentropy{{.from_logits = true}});
  const Labels y = counted_labels(6, 3);
  if (sample.rank() == 1) {
    static_cast<void>(model.train_on_batch(random_tensor<float, 2>({6, sample[0]}, 2), y));
  } else {
    static_cast<void>(
        model.train_on_batch(random_tensor<float, 3>({6, sample[0], sample[1]}, 2), y));
  }
}

/// Weights after a step of a model whose convolution may read its dy in columns.
template <class Optimizer>
std::vector<float> weights_after_convolution(const Optimizer& optimizer,
                                             ProductPrecision precision) {
  Sequential model{
      testing::Scale{2.0}, Conv2D{32, {3, 3}}, ReLU{}, Flatten{}, Dense{33}, ReLU{}, Dense{3}};
  model.build({9, 8, 2}, {.seed = 3});
  model.compile(optimizer, SparseCategoricalCrossentropy{{.from_logits = true}}, {},
                {.precision = precision});
  static_cast<void>(
      model.train_on_batch(random_tensor<float, 4>({6, 9, 8, 2}, 2), counted_labels(6, 3)));
  return weights_of(model);
}

/// Weights after some steps of a model with every kind of layer, nested ones too.
template <class Optimizer>
std::vector<float> weights_after_steps(const Optimizer& optimizer,
                                       ProductPrecision precision = Precision::float32) {
  Sequential model{Conv2D{4, {3, 3}, {.activation = Activation::relu}},
                   Flatten{},
                   OwnScale{},
                   Sequential{Dense{33}, ReLU{}, Dense{7, {.activation = Activation::relu}}},
                   Dense{3},
                   Softmax{}};
  model.build({8, 8, 1}, {.seed = 3});
  model.compile(optimizer, SparseCategoricalCrossentropy{}, {}, {.precision = precision});
  const auto x = random_tensor<float, 4>({6, 8, 8, 1}, 2);
  for (int step = 0; step < 4; ++step) {
    static_cast<void>(model.train_on_batch(x, counted_labels(6, 3)));
  }
  return weights_of(model);
}

std::vector<float> gradients_of(Sequential<float>& model) {
  auto& block = model.parameters();
  return {block.gradients(), block.gradients() + block.size()};
}

}  // namespace

TEST_SUITE("training/train_on_batch") {
  TEST_CASE("train_on_batch: is fit with a single batch") {
    const auto x = random_tensor<float, 4>({6, 8, 8, 1}, 2);
    const Labels y = counted_labels(6, 3);
    Sequential<float> model = image_model(), other = image_model();
    const FitOptions options{.batch_size = 6, .verbose = Verbose::silent, .shuffle = false};
    for (int step = 0; step < 3; ++step) {
      CAPTURE(step);
      const Scores scores = model.train_on_batch(x, y);
      const History history = other.fit(x, y, options);
      CHECK(scores["loss"] == history["loss"].at(0));
      CHECK(scores["accuracy"] == history["accuracy"].at(0));
      CHECK(weights_of(model) == weights_of(other));
    }
  }

  TEST_CASE("train_on_batch: updating during the backward pass gives the same bits as after it") {
    const Adam adam{{.learning_rate = 0.01}}, amsgrad{{.amsgrad = true}};
    const SGD sgd, nesterov{{.momentum = 0.9, .nesterov = true}};
    CHECK(weights_after_steps(adam) == weights_after_steps(WholeStep<Adam>{adam}));
    CHECK(weights_after_steps(amsgrad) == weights_after_steps(WholeStep<Adam>{amsgrad}));
    CHECK(weights_after_steps(sgd) == weights_after_steps(WholeStep<SGD>{sgd}));
    CHECK(weights_after_steps(nesterov) == weights_after_steps(WholeStep<SGD>{nesterov}));
    CHECK(weights_after_steps(adam) != weights_after_steps(sgd));
    CHECK(weights_after_steps(adam, Precision::bfloat16) ==
          weights_after_steps(WholeStep<Adam>{adam}, Precision::bfloat16));
    CHECK(weights_after_steps(adam, Precision::bfloat16) != weights_after_steps(adam));
  }

  TEST_CASE(
      "train_on_batch: the first layer may read its dy in columns, if nothing else needs it") {
    const SGD sgd;
    SeenGradient in_columns, whole;
    take_step(sgd, {40}, Reading{in_columns});
    take_step(WholeStep<SGD>{sgd}, {40}, Reading{whole});  // the gradients stay
    CHECK(in_columns.came_in_columns);
    CHECK_FALSE(whole.came_in_columns);
    CHECK(std::equal(whole.dy.data(), whole.dy.data() + 6 * 40, in_columns.dy.data()));

    SeenGradient behind, of_rows;
    take_step(sgd, {40}, OwnScale{}, Reading{behind});  // which needs dx itself
    CHECK_FALSE(behind.came_in_columns);
    take_step(sgd, {8, 5}, Reading{of_rows}, Dense{4});  // this Dense has several rows for a sample
    CHECK_FALSE(of_rows.came_in_columns);
  }

  TEST_CASE("train_on_batch: a convolution with an activation of its own learns the same") {
    const auto weights_after_step = [](const auto& optimizer) {
      Sequential model{Conv2D{16, {3, 3}, {.activation = Activation::tanh}}, Flatten{}, Dense{33},
                       ReLU{}, Dense{3}};
      model.build({9, 8, 2}, {.seed = 3});
      model.compile(optimizer, SparseCategoricalCrossentropy{{.from_logits = true}});
      static_cast<void>(
          model.train_on_batch(random_tensor<float, 4>({6, 9, 8, 2}, 2), counted_labels(6, 3)));
      return weights_of(model);
    };
    const SGD sgd{{.learning_rate = 1}};
    const auto expected = weights_after_step(WholeStep<SGD>{sgd}), actual = weights_after_step(sgd);
    REQUIRE(actual.size() == expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
      if (!(std::abs(actual[i] - expected[i]) <= 1e-5f)) FAIL_CHECK("weight ", i);
    }
  }

  TEST_CASE("train_on_batch, fit: compute without denormals") {
    struct Probe : OwnScale {
      explicit Probe(bool& to) : flushes(&to) {}
      void forward(ConstTensorMap<float, 2> x, TensorMap<float, 2> y, const Pass& pass) const {
        const volatile float tiny = 1e-40f;
        if (pass.training) *flushes = tiny * 1.0f == 0;
        y = x;
      }
      void backward(ConstTensorMap<float, 2>, ConstTensorMap<float, 2>, TensorMap<float, 2> dy,
                    TensorMap<float, 2> dx, const Pass& pass) const {
        if (pass.needs_dx) dx = dy;
      }
      bool* flushes;
    };
    bool flushes = false;
    Sequential<float> model{Probe{flushes}, Dense{2}};
    model.compile(SGD{}, SparseCategoricalCrossentropy{{.from_logits = true}});
    const auto x = random_tensor<float, 2>({4, 3}, 1);
    const Labels y = counted_labels(4, 2);
    model.fit(x, y, {.verbose = Verbose::silent});
    CHECK(flushes);
    flushes = false;
    static_cast<void>(model.train_on_batch(x, y));
    CHECK(flushes);
  }

  TEST_CASE("train_on_batch: a convolution learns the same from a dy in columns") {
    const SGD sgd{{.learning_rate = 1}};
    for (const ProductPrecision precision : {Precision::float32, Precision::bfloat16}) {
      const auto expected = weights_after_convolution(WholeStep<SGD>{sgd}, precision);
      const auto actual = weights_after_convolution(sgd, precision);
      REQUIRE(actual.size() == expected.size());
      CHECK(actual != expected);  // sums are cut differently, so they differ by rounding
      for (std::size_t i = 0; i < actual.size(); ++i) {
        if (!(std::abs(actual[i] - expected[i]) <= 1e-5f)) FAIL_CHECK("weight ", i);
      }
      const int before = num_threads();
      set_num_threads(before == 1 ? 2 : 1);
      CHECK(weights_after_convolution(sgd, precision) == actual);
      set_num_threads(before);
    }
  }

  TEST_CASE("train_on_batch: builds the model and reports the loss before the update") {
    Sequential model{Dense{3}, Softmax{}};
    model.compile(Adam{{.learning_rate = 0.1}}, SparseCategoricalCrossentropy{});
    const auto x = random_tensor<float, 2>({6, 4}, 2);
    const Labels y = counted_labels(6, 3);
    Sequential twin{Dense{3}, Softmax{}};
    twin.build({4});
    twin.compile(Adam{}, SparseCategoricalCrossentropy{});
    CHECK(model.train_on_batch(x, y)["loss"] ==
          doctest::Approx(twin.test_on_batch(x, y)["loss"]).epsilon(1e-6));
    CHECK(weights_of(model) != weights_of(twin));
  }

  TEST_CASE("train_on_batch: learns on the logits below a layer before the softmax") {
    // The loss takes over the softmax, so the layers before it use other buffers.
    Sequential model{Dense{100}, Dense{4}, RandomMask{0.0}, Softmax{}};
    Sequential twin{Dense{100}, Dense{4}};
    model.build({5});
    twin.build({5});
    model.compile(Adam{}, SparseCategoricalCrossentropy{});
    twin.compile(Adam{}, SparseCategoricalCrossentropy{{.from_logits = true}});
    const auto x = random_tensor<float, 2>({16, 5}, 2);
    const Labels y = counted_labels(16, 4);
    for (int step = 0; step < 3; ++step) {
      CAPTURE(step);
      CHECK(model.train_on_batch(x, y)["loss"] == twin.train_on_batch(x, y)["loss"]);
      CHECK(weights_of(model) == weights_of(twin));
    }
  }

  TEST_CASE("test_on_batch: is evaluate with a single batch") {
    const Sequential<float> model = image_model();
    const auto x = random_tensor<float, 4>({6, 8, 8, 1}, 2);
    const Labels y = counted_labels(6, 3);
    const Scores scores = model.test_on_batch(x, y);
    CHECK(scores["loss"] == model.evaluate(x, y)["loss"]);
    CHECK(scores["accuracy"] == model.evaluate(x, y)["accuracy"]);
  }

  TEST_CASE("train_on_batch: a refusal changes nothing") {
    Sequential model{Dense{3}, Softmax{}};
    const auto x = random_tensor<float, 2>({2, 4}, 2);
    CHECK_THROWS_WITH_AS(model.train_on_batch(x, counted_labels(2, 3)),
                         "Model::train_on_batch: expected a compiled model, got one without "
                         "loss and optimizer; call compile(optimizer, loss, metrics) first",
                         std::invalid_argument);
    model.compile(Adam{}, SparseCategoricalCrossentropy{});
    CHECK_THROWS_WITH_AS(model.train_on_batch(x, counted_labels(1, 3)),
                         "Model::train_on_batch: expected as many targets as samples, got 1 "
                         "targets (2 samples)",
                         ShapeError);
    CHECK_THROWS_WITH_AS(model.train_on_batch(Tensor<float, 2>(0, 4), Labels(0)),
                         "Model::train_on_batch: expected at least one sample, got none",
                         std::invalid_argument);
    CHECK_FALSE(model.is_built());
    model.build({5});
    CHECK_THROWS_WITH_AS(model.train_on_batch(x, counted_labels(2, 3)),
                         "Model::train_on_batch: expected samples of shape [5], got [4] (x [2, 4])",
                         ShapeError);
  }

  TEST_CASE("forward, backward, step: by hand they are train_on_batch") {
    const auto x = random_tensor<float, 4>({6, 8, 8, 1}, 2);
    const Labels y = counted_labels(6, 3);
    Sequential<float> model = image_model(), other = image_model();
    const Adam adam{{.learning_rate = 0.01}};
    const SparseCategoricalCrossentropy loss;
    Workspace workspace;
    for (int step = 0; step < 3; ++step) {
      CAPTURE(step);
      model.zero_gradients();
      const auto p = model.forward(x, workspace);  // [6, 3]
      std::vector<float> losses(6);
      Tensor<float, 2> dp(6, 3);
      const double value = compute_loss(
          loss, ScoredBatch<float>{.rows = 6, .classes = 3, .scores = p.data(), .labels = y.data()},
          losses.data(), dp.data());
      model.backward(dp, workspace);
      adam.step(model.parameters());
      // Not to the last bit: train_on_batch takes the loss from the logits.
      CHECK(other.train_on_batch(x, y)["loss"] == doctest::Approx(value).epsilon(1e-5));
      const auto mine = weights_of(model), expected = weights_of(other);
      for (std::size_t i = 0; i < mine.size(); ++i) {
        if (!(std::abs(mine[i] - expected[i]) <= 1e-4f)) FAIL_CHECK("weight ", i);
      }
    }
  }

  TEST_CASE("backward: gradients add up until they are zeroed") {
    Sequential<float> model{Dense{8}, ReLU{}, Dense{3}};
    model.build({4});
    const auto x = random_tensor<float, 2>({5, 4}, 2);
    const auto dy = random_tensor<float, 2>({5, 3}, 3);
    Workspace workspace;
    const auto run = [&] {
      static_cast<void>(model.forward(x, workspace));
      model.backward(dy, workspace);
    };
    run();
    const std::vector<float> once = gradients_of(model);
    run();
    std::vector<float> twice = gradients_of(model);
    for (float& value : twice) value /= 2;
    for (std::size_t i = 0; i < once.size(); ++i) {
      CHECK(twice[i] == doctest::Approx(once[i]).epsilon(1e-5));
    }
    CHECK(once != std::vector<float>(once.size()));
    model.zero_gradients();
    CHECK(gradients_of(model) == std::vector<float>(once.size()));
    run();
    CHECK(gradients_of(model) == once);
  }

  TEST_CASE("backward: refuses a workspace or a gradient that doesn't fit") {
    Sequential<float> model{Dense{3}}, other{Dense{3}};
    const auto x = random_tensor<float, 2>({5, 4}, 2);
    const auto dy = random_tensor<float, 2>({5, 3}, 3);
    Workspace workspace;
    CHECK_THROWS_WITH_AS(model.backward(dy, workspace),
                         "Model::backward: expected a built model, got one whose input shape "
                         "is not known; call build({height, width, channels}) or fit first",
                         std::invalid_argument);
    model.build({4});
    other.build({4});
    static_cast<void>(other.forward(x, workspace));
    CHECK_THROWS_WITH_AS(
        model.backward(dy, workspace),
        "Model::backward: expected a workspace that forward of this model has filled last, "
        "got another",
        std::invalid_argument);
    static_cast<void>(model.forward(x, workspace));
    CHECK_THROWS_WITH_AS(model.backward(random_tensor<float, 2>({4, 3}, 3), workspace),
                         "Model::backward: expected a gradient of shape [5, 3], got [4, 3]",
                         ShapeError);
  }

  TEST_CASE("backward: refuses a workspace that was used, copied or moved away since forward") {
    Sequential<float> model{Dense{3}};
    model.build({4});
    const auto x = random_tensor<float, 2>({5, 4}, 2), more = random_tensor<float, 2>({50, 4}, 2);
    const auto dy = random_tensor<float, 2>({5, 3}, 3);
    const auto refuses = [&](Workspace& workspace) {
      CHECK_THROWS_AS(model.backward(dy, workspace), std::invalid_argument);
    };
    Workspace workspace;
    static_cast<void>(model.forward(x, workspace));
    Tensor<float, 2> y;
    model.predict(more, y, workspace);
    refuses(workspace);
    static_cast<void>(model.forward(x, workspace));
    static_cast<void>(workspace.reserve(1));
    refuses(workspace);
    static_cast<void>(model.forward(x, workspace));
    Workspace copy = workspace;
    refuses(copy);
    Workspace moved = std::move(workspace);
    refuses(workspace);  // NOLINT(bugprone-use-after-move): says so
    model.backward(dy, moved);
    static_cast<void>(model.forward(x, moved));
    model.build({4});
    refuses(moved);
    static_cast<void>(model.forward(x, moved));
    model = Sequential<float>(model);
    model.backward(dy, moved);  // works with a copy of the same build
  }

  TEST_CASE("backward: masks what forward dropped, though the optimizer has run since") {
    Sequential<float> model{Dense{6}, RandomMask{0.5}};
    model.build({4}, {.seed = 3});
    const auto x = random_tensor<float, 2>({5, 4}, 2), dy = random_tensor<float, 2>({5, 6}, 3);
    const auto gradients = [&](bool steps_between) {
      model.build({4}, {.seed = 3});
      Workspace workspace;
      static_cast<void>(model.forward(x, workspace));
      if (steps_between) model.parameters().advance_step();
      model.backward(dy, workspace);
      return gradients_of(model);
    };
    CHECK(gradients(true) == gradients(false));
  }

  TEST_CASE("forward: draws new numbers each time, and from the first ones on after a step") {
    Sequential<float> model{RandomMask{0.5}};
    model.build({100}, {.seed = 3});
    Tensor<float, 2> x(1, 100);
    x.setConstant(1);
    Workspace workspace, other;
    const auto output = [&](Workspace& memory) {
      const auto y = model.forward(x, memory);
      model.backward(y, memory);  // neither gradients nor this call make a difference
      return std::vector<float>(y.data(), y.data() + y.size());
    };
    const auto first = output(workspace), second = output(workspace);
    CHECK(first != second);
    CHECK(output(workspace) != second);
    CHECK(output(other) == first);
    model.parameters().advance_step();
    const auto next = output(workspace);
    CHECK(next != first);
    CHECK(next == output(other));
  }

  TEST_CASE("backward: uses the numbers of the last of several forward passes") {
    Sequential<double> model{Dense<double>{6}, RandomMask<double>{0.5}};
    model.build({4}, {.seed = 3});
    const auto x = random_tensor<double, 2>({5, 4}, 2);
    Tensor<double, 2> dy(5, 6);
    Workspace workspace;
    static_cast<void>(model.forward(x, workspace));
    const auto y = model.forward(x, workspace);
    dy.setConstant(1);
    model.backward(dy, workspace);
    // db counts, for each unit, the samples that forward kept, times 2
    const auto db = model.parameters().named()[1].gradient();
    for (Index j = 0; j < 6; ++j) {
      double kept = 0;
      for (Index i = 0; i < 5; ++i) kept += y(i, j) != 0 ? 2 : 0;
      CHECK(db(j) == doctest::Approx(kept));
    }
  }
}

}  // namespace nn
