// SPDX-License-Identifier: MIT
// At inference an affine map, as batch normalization is, becomes part of the layer before it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "nn/sequential.hpp"
#include "tests/kernels/kernel_testing.hpp"
#include "tests/testing/own_layers.hpp"
#include "tests/training/training_testing.hpp"

namespace nn {
namespace {

using testing::counted_labels;
using testing::random_tensor;
using testing::Scale;

/// Gives every parameter and moving statistic a value of its own, variances among them, and the
/// second model those of the first.
template <class Model, class Other>
void draw_equal_parameters(Model& model, Other& other) {
  const auto& from = model.parameters().named();
  const auto& to = other.parameters().named();
  REQUIRE(from.size() == to.size());
  std::uint64_t seed = 10;
  for (std::size_t p = 0; p < from.size(); ++p) {
    auto values = from[p].value();
    const auto drawn = random_tensor<float, 1>({values.size()}, ++seed);
    const bool is_variance = from[p].name.find("variance") != std::string::npos;
    for (Index i = 0; i < values.size(); ++i) {
      values(i) = is_variance ? drawn(i) + 1.1f : drawn(i);
      to[p].value()(i) = values(i);
    }
  }
}

/// The steps of inference and of training.
template <class Model>
std::pair<std::size_t, std::size_t> steps_of(Model& model) {
  const auto& network = detail::ModelAccess::network(model);
  return {network.plan(false, false).steps().size(), network.plan(false, true).steps().size()};
}

using StepCounts = std::pair<std::size_t, std::size_t>;

bool is_same(const Tensor<float, 2>& a, const Tensor<float, 2>& b) {
  return a.size() == b.size() && std::equal(a.data(), a.data() + a.size(), b.data());
}

void check_rounding(const Tensor<float, 2>& actual, const Tensor<float, 2>& expected,
                    double tolerance = 2e-5) {
  REQUIRE(actual.size() == expected.size());
  for (Index i = 0; i < actual.size(); ++i) {
    CAPTURE(i);
    REQUIRE(std::abs(actual.data()[i] - expected.data()[i]) <=
            tolerance * (1 + std::abs(expected.data()[i])));
  }
}

/// A convolution and a product, each with batch normalization behind it, and between them a layer
/// that promises nothing if they are to be kept apart.
Sequential<float> normalized_model(Activation activation, bool kept_apart, bool use_bias = true) {
  Sequential<float> model;
  const auto add_normalization = [&] {
    if (kept_apart) model.add(Scale{1.0});
    model.add(BatchNormalization{});
    model.add(ActivationLayer{activation});
  };
  model.add(Conv2D{5, 3, {.padding = Padding::same, .use_bias = use_bias}});
  add_normalization();
  model.add(Conv2D{40, 2, {.strides = 2, .use_bias = use_bias}});
  add_normalization();
  model.add(Flatten{});
  model.add(Dense{7, {.use_bias = use_bias}});
  add_normalization();
  model.add(Dense{3});
  model.add(Softmax{});
  return model;
}

}  // namespace

TEST_SUITE("model/folding") {
  TEST_CASE("folding: predictions are those of layers that are kept apart, to rounding") {
    const auto x = random_tensor<float, 4>({9, 6, 6, 2}, 1);
    for (const Activation activation : {Activation::relu, Activation::sigmoid, Activation::gelu}) {
      for (const bool use_bias : {true, false}) {
        CAPTURE(std::string(to_string(activation)));
        CAPTURE(use_bias);
        Sequential<float> folded = normalized_model(activation, false, use_bias);
        Sequential<float> apart = normalized_model(activation, true, use_bias);
        folded.build({6, 6, 2}, {.seed = 1});
        apart.build({6, 6, 2}, {.seed = 1});
        draw_equal_parameters(folded, apart);
        const bool is_step = activation == Activation::gelu;
        CHECK(steps_of(folded).first == (is_step ? 8u : 5u));
        CHECK(steps_of(folded).second == (is_step ? 11u : 8u));
        const auto y = folded.predict(x);
        check_rounding(y, apart.predict(x));
        for (const Index batch_size : {1, 4, 9}) {
          const auto in_batches = folded.predict(x, {.batch_size = batch_size});
          CHECK(is_same(in_batches, y));
        }
        const testing::ThreadsForTest threads(1);
        CHECK(is_same(folded.predict(x), y));
      }
    }
  }

  TEST_CASE("folding: a change of weights or statistics shows in the next prediction") {
    const auto x = random_tensor<float, 4>({4, 6, 6, 2}, 1);
    Sequential<float> folded = normalized_model(Activation::relu, false);
    Sequential<float> apart = normalized_model(Activation::relu, true);
    folded.build({6, 6, 2}, {.seed = 1});
    apart.build({6, 6, 2}, {.seed = 1});
    Workspace workspace;
    Tensor<float, 2> before;
    folded.predict(x, before, workspace);
    draw_equal_parameters(folded, apart);
    Tensor<float, 2> after;
    folded.predict(x, after, workspace);
    CHECK_FALSE(is_same(before, after));
    check_rounding(after, apart.predict(x));
  }

  TEST_CASE("folding: training is as without it, also of frozen layers") {
    const auto x = random_tensor<float, 4>({8, 6, 6, 2}, 1);
    const Labels y = counted_labels(8, 3);
    for (const bool is_frozen : {false, true}) {
      CAPTURE(is_frozen);
      Sequential<float> folded = normalized_model(Activation::relu, false);
      Sequential<float> apart = normalized_model(Activation::relu, true);
      for (auto* const model : {&folded, &apart}) {
        model->build({6, 6, 2}, {.seed = 1});
        model->compile(SGD{{.learning_rate = 0.1}}, SparseCategoricalCrossentropy{});
      }
      draw_equal_parameters(folded, apart);
      if (is_frozen) {
        folded.freeze(1);
        apart.freeze(2);
      }
      folded.train_on_batch(x, y);
      apart.train_on_batch(x, y);
      check_rounding(folded.predict(x), apart.predict(x));
    }
  }

  TEST_CASE("folding: evaluate gives the bits of validation, and of what is predicted") {
    const auto x = random_tensor<float, 4>({40, 6, 6, 2}, 1);
    const Labels y = counted_labels(40, 3);
    Sequential<float> model = normalized_model(Activation::relu, false);
    model.compile(Adam{}, SparseCategoricalCrossentropy{}, {Accuracy{}});
    const auto history = model.fit(
        x, y,
        {.batch_size = 8, .epochs = 1, .verbose = Verbose::silent, .validation_data = {x, y}});
    const auto scores = model.evaluate(x, y, {.batch_size = 8});
    CHECK(scores["loss"] == history["val_loss"].back());
    CHECK(scores["accuracy"] == history["val_accuracy"].back());
  }

  TEST_CASE("folding: what two layers read, or has an activation or a reshape behind it, stays") {
    {
      Sequential<float> model{Dense{4, {.activation = Activation::relu}}, BatchNormalization{}};
      model.build({3});
      CHECK(steps_of(model) == StepCounts{2, 2});
    }
    {  // other features
      Sequential<float> model{Conv2D{4, 1}, Flatten{}, BatchNormalization{}};
      model.build({2, 2, 1});
      CHECK(steps_of(model) == StepCounts{2, 2});
    }
    {
      Sequential<float> model{Dense{4}, BatchNormalization{}, BatchNormalization{}};
      model.build({3});
      CHECK(steps_of(model) == StepCounts{2, 3});
    }
    {
      Sequential<float> model{Dense{4}, Residual{BatchNormalization{}}};
      model.build({3});
      CHECK(steps_of(model) == StepCounts{3, 3});
    }
    {  // a result of the model
      const Input x{{3}};
      const auto hidden = x | Dense{4};
      Model<float> model{x, {hidden, hidden | BatchNormalization{}}};
      CHECK(steps_of(model) == StepCounts{2, 2});
    }
  }

  TEST_CASE("folding: shared layers give in each place what they give apart") {
    const auto x = random_tensor<float, 2>({5, 3}, 1);
    const auto make = [](bool kept_apart) {
      const SharedLayer dense{Dense{3}};
      const SharedLayer normalization{BatchNormalization{}};
      const Input input{{3}};
      const auto normalized = [&](const Value<float>& value) {
        const Value<float> product = value | dense;
        return (kept_apart ? product | Scale{1.0} : product) | normalization;
      };
      const Value<float> first = normalized(input) | ReLU{};
      const Value<float> second = normalized(first);
      Model<float> model{input, add({first, second})};
      return model;
    };
    Model<float> folded = make(false), apart = make(true);
    draw_equal_parameters(folded, apart);
    CHECK(steps_of(folded) == StepCounts{3, 5});
    check_rounding(folded.predict(x), apart.predict(x));
  }

  TEST_CASE("folding: quantised weights and products in bfloat16 are followed by the map") {
    const auto x = random_tensor<float, 2>({5, 30}, 1);
    const auto make = [](bool kept_apart) {
      Sequential<float> model{Dense{20}};
      if (kept_apart) model.add(Scale{1.0});
      model.add(BatchNormalization{});
      model.add(ReLU{});
      model.build({30}, {.seed = 1});
      return model;
    };
    Sequential<float> folded = make(false), apart = make(true);
    draw_equal_parameters(folded, apart);
    check_rounding(folded.predict(x, {.precision = Precision::bfloat16}),
                   apart.predict(x, {.precision = Precision::bfloat16}));
    for (const NumberFormat format : {NumberFormat::bfloat16, NumberFormat::int8}) {
      Sequential<float> folded_of_format = folded, apart_of_format = apart;
      folded_of_format.quantize(format);
      apart_of_format.quantize(format);
      check_rounding(folded_of_format.predict(x), apart_of_format.predict(x));
    }
  }
}

}  // namespace nn
