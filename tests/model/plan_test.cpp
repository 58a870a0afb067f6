// SPDX-License-Identifier: MIT
#include "nn/model/plan.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "nn/layers/layers.hpp"
#include "nn/model/sequential.hpp"
#include "nn/testing/check_gradients.hpp"
#include "nn/testing/model_layer.hpp"

namespace {

using nn::Activation;
using nn::AnyLayer;
using nn::Index;
using nn::Pass;
using nn::Plan;
using nn::Shape;

template <class... L>
std::vector<AnyLayer<double>> layers_of(L... layers) {
  std::vector<AnyLayer<double>> list;
  (list.emplace_back(std::move(layers)), ...);
  return list;
}

using ActivationLayer = nn::ActivationLayer<double>;
using Conv2D = nn::Conv2D<double>;
using Dense = nn::Dense<double>;
using Flatten = nn::Flatten<double>;
using MaxPooling2D = nn::MaxPooling2D<double>;
using ReLU = nn::ReLU<double>;
using Softmax = nn::Softmax<double>;

/// The plan that a model of these layers runs by.
template <nn::Real T>
Plan<T> plan_of(std::vector<AnyLayer<T>> layers, const Shape& sample) {
  nn::Network<T> network;
  for (AnyLayer<T>& layer : layers) network.add(std::move(layer));
  network.infer_shapes({sample});
  return network.plan();
}

/// A layer of a user's own that makes no promise: nothing may be fused with it.
template <nn::Real T = double>
class Plain {
 public:
  using Scalar = T;
  [[nodiscard]] std::string name() const { return "Plain"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }
  void forward(nn::ConstTensorMap<T, 2> x, nn::TensorMap<T, 2> y, const Pass&) const { y = x; }
  void backward(nn::ConstTensorMap<T, 2>, nn::ConstTensorMap<T, 2>, nn::TensorMap<T, 2> dy,
                nn::TensorMap<T, 2> dx, const Pass&) const {
    dx = dy;
  }
};

/// Result, input gradient and parameter gradients of the layers as one model, one after the other.
std::vector<double> numbers_of(std::vector<AnyLayer<double>> layers, const Shape& sample,
                               bool as_logits = false) {
  nn::testing::LayerRig<double> rig(
      AnyLayer<double>(nn::testing::ModelLayer<double>(std::move(layers), as_logits)), sample);
  auto batch = rig.batch(3, {});
  rig.run(batch);
  std::vector<double> numbers(batch.y.data(), batch.y.data() + batch.y.size());
  numbers.insert(numbers.end(), batch.dx.data(), batch.dx.data() + batch.dx.size());
  const std::vector<double> gradients = rig.parameter_gradients();
  numbers.insert(numbers.end(), gradients.begin(), gradients.end());
  return numbers;
}

void check_equal(const std::vector<double>& actual, const std::vector<double>& expected) {
  REQUIRE(actual.size() == expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    CAPTURE(i);
    REQUIRE(std::abs(actual[i] - expected[i]) <= 1e-12 * (1 + std::abs(expected[i])));
  }
}

}  // namespace

TEST_SUITE("model/plan") {
  TEST_CASE("Plan: a layer applies the activation behind it, its own or a layer's") {
    for (const auto& layers :
         {layers_of(Dense{4}, ReLU{}, Dense{3}, Plain<>{}),
          layers_of(Dense{4, {.activation = Activation::relu}}, Dense{3}, Plain<>{})}) {
      const Plan<double> plan = plan_of(layers, {5});
      REQUIRE(plan.steps().size() == 3);
      CHECK(plan.steps()[0].activation == Activation::relu);
      CHECK(plan.steps()[1].activation == Activation::linear);
      CHECK(std::none_of(plan.steps().begin(), plan.steps().end(),
                         [](const auto& step) { return step.is_activation; }));
    }
    const Plan<double> pooling = plan_of(layers_of(MaxPooling2D{}, ReLU{}), {4, 4, 1});
    REQUIRE(pooling.steps().size() == 1);
    CHECK(pooling.steps()[0].activation == Activation::relu);
  }

  TEST_CASE("Plan: an activation stays a step behind layers that can't apply it") {
    const auto layers = layers_of(Dense{4, {.activation = Activation::tanh}}, ReLU{}, Dense{4},
                                  ReLU{{.negative_slope = 0.5}}, Plain<>{}, ReLU{});
    const Plan<double> plan = plan_of(layers, {4});
    REQUIRE(plan.steps().size() == 6);
    for (const std::size_t i : {1u, 5u}) {
      CAPTURE(i);
      CHECK(plan.steps()[i].is_activation);
      CHECK(plan.steps()[i - 1].activation != Activation::relu);
    }
    CHECK_FALSE(plan.steps()[3].is_activation);  // it is none of the activations by name
    const Plan<double> pooling =
        plan_of(layers_of(MaxPooling2D{}, Flatten{}, Dense{4, {.activation = Activation::softmax}}),
                {4, 4, 1});
    REQUIRE(pooling.steps().size() == 3);
    CHECK(pooling.steps()[2].is_activation);
  }

  TEST_CASE("Plan: a layer applies no activation but those in the kernels of products") {
    for (const Activation activation : nn::all_activations()) {
      CAPTURE(std::string(to_string(activation)));
      const Plan<double> plan =
          plan_of(layers_of(Dense{4}, ActivationLayer{activation}, Dense{3}), {5});
      const bool is_applied = activation == Activation::relu || activation == Activation::sigmoid ||
                              activation == Activation::tanh;
      CHECK(plan.steps().size() == (is_applied ? 2 : 3));
    }
  }

  TEST_CASE("Plan: an activation is written over an input that nobody else needs") {
    const auto overwrites = [](std::vector<AnyLayer<double>> layers) {
      const Plan<double> plan = plan_of(std::move(layers), {4});
      const auto& last = plan.steps().back();
      REQUIRE(last.is_activation);
      return plan.values()[last.y.value].memory == last.x().value;
    };
    CHECK(overwrites(layers_of(Dense{3}, Softmax{})));
    CHECK(overwrites(layers_of(Dense{3, {.activation = Activation::elu}})));
    // The slope of gelu does not follow from its result.
    CHECK_FALSE(overwrites(layers_of(Dense{3, {.activation = Activation::gelu}})));
    // tanh needs its result for its slope.
    CHECK_FALSE(overwrites(layers_of(Dense{3, {.activation = Activation::tanh}}, Softmax{})));
    CHECK_FALSE(overwrites(layers_of(Plain<>{}, ReLU{})));  // Plain may need its y in backward
    CHECK_FALSE(overwrites(layers_of(ReLU{})));             // the input is the caller's
  }

  TEST_CASE("Plan: a ReLU's gradient is masked by the layer that writes it, across reshapes") {
    const auto layers = layers_of(Conv2D{2, 2}, ReLU{}, MaxPooling2D{},
                                  Conv2D{2, 1, {.activation = Activation::relu}}, Flatten{},
                                  Dense{3}, ReLU{}, Plain<>{}, Dense{2});
    const Plan<double> plan = plan_of(layers, {5, 5, 1});
    const auto& steps = plan.steps();
    REQUIRE(steps.size() == 6);
    CHECK(steps[0].dy_is_dz);  // convolution and ReLU
    CHECK(steps[1].dx_is_masked);
    CHECK(steps[2].dy_is_dz);
    CHECK(steps[3].dx_is_masked);
    CHECK_FALSE(steps[3].dy_is_dz);  // Plain doesn't mask
    CHECK_FALSE(steps[4].dx_is_masked);
    CHECK_FALSE(steps[5].dx_is_masked);
  }

  TEST_CASE("Plan: a ReLU at the end masks its own gradient") {
    const auto layers = layers_of(Dense{4}, ReLU{});
    CHECK_FALSE(plan_of(layers, {3}).steps()[0].dy_is_dz);
  }

  TEST_CASE("Plan: the activation that closes a model may be left out, another one not") {
    const auto closing = [](std::vector<AnyLayer<double>> layers, const Shape& sample) {
      return plan_of(std::move(layers), sample).outputs()[0].closing_activation;
    };
    CHECK(closing(layers_of(Dense{3}, Softmax{}), {4}) == Activation::softmax);
    CHECK(closing(layers_of(Plain<>{}, Softmax{}), {4}) == Activation::softmax);
    CHECK(closing(layers_of(Dense{3, {.activation = Activation::sigmoid}}), {4}) ==
          Activation::sigmoid);
    CHECK(closing(layers_of(Softmax{}, Dense{3}), {4}) == Activation::linear);
    CHECK(closing(layers_of(Dense{3}, ReLU{}), {4}) == Activation::relu);
    // Flatten moves the classes: [2, 3] probabilities in rows become one row of 6.
    CHECK(closing(layers_of(Dense{3}, Softmax{}, Flatten{}), {2, 4}) == Activation::linear);
  }

  TEST_CASE("Plan: the closing activation is left out only where logits are asked for") {
    const auto logits = numbers_of(layers_of(Dense{3}), {4});
    check_equal(numbers_of(layers_of(Dense{3}, Softmax{}), {4}, true), logits);
    check_equal(numbers_of(layers_of(Dense{3}, Plain<>{}, Softmax{}), {4}, true), logits);
    const auto probabilities = numbers_of(layers_of(Dense{3}, Softmax{}), {4});
    CHECK(probabilities[0] + probabilities[1] + probabilities[2] == doctest::Approx(1));
    check_equal(numbers_of(layers_of(Dense{3, {.activation = Activation::sigmoid}}), {4}, true),
                logits);
  }

  TEST_CASE("Plan: fused layers give the numbers of layers that are kept apart") {
    check_equal(numbers_of(layers_of(Dense{4}, ReLU{}, Dense{3}, Softmax{}), {5}),
                numbers_of(layers_of(Dense{4}, Plain<>{}, ReLU{}, Plain<>{}, Dense{3}, Plain<>{},
                                     Softmax{}),
                           {5}));
    check_equal(numbers_of(layers_of(Conv2D{2, 2, {.activation = Activation::relu}}, MaxPooling2D{},
                                     Conv2D{3, 1}, ReLU{}, Flatten{}, Dense{2}),
                           {5, 5, 1}),
                numbers_of(layers_of(Conv2D{2, 2}, Plain<>{}, ReLU{}, Plain<>{}, MaxPooling2D{},
                                     Plain<>{}, Conv2D{3, 1}, Plain<>{}, ReLU{}, Plain<>{},
                                     Flatten{}, Plain<>{}, Dense{2}),
                           {5, 5, 1}));
    check_equal(numbers_of(layers_of(Conv2D{2, 2}, MaxPooling2D{}, ReLU{}, Conv2D{3, 1}, Flatten{},
                                     Dense{2}),
                           {5, 5, 1}),
                numbers_of(layers_of(Conv2D{2, 2}, Plain<>{}, MaxPooling2D{}, Plain<>{}, ReLU{},
                                     Plain<>{}, Conv2D{3, 1}, Plain<>{}, Flatten{}, Dense{2}),
                           {5, 5, 1}));
  }

  TEST_CASE("Plan: a nested model gives the numbers of its layers") {
    const auto flat = numbers_of(layers_of(Dense{4}, ReLU{}, Dense{3}, ReLU{}, Dense{2}), {5});
    const nn::Sequential<double> inner{ReLU{}, Dense{3}, ReLU{}};
    check_equal(numbers_of(layers_of(Dense{4}, inner, Dense{2}), {5}), flat);
    const nn::Sequential<double> whole{Dense{4}, inner, Dense{2}};
    check_equal(numbers_of(layers_of(whole), {5}), flat);
  }

  TEST_CASE("Plan: layers work as one across the borders of nested models") {
    const nn::Sequential<double> inner{ReLU{}, nn::Sequential<double>{Dense{3}}};
    const Plan<double> plan = plan_of(layers_of(Dense{4}, inner, Softmax{}), {5});
    REQUIRE(plan.steps().size() == 3);
    CHECK(plan.steps()[0].activation == Activation::relu);
    CHECK(plan.steps()[1].dx_is_masked);
    CHECK(plan.steps()[2].is_activation);
  }

  TEST_CASE("Plan: a model of views only passes its input and its gradient on") {
    const auto numbers = numbers_of(layers_of(Flatten{}, Flatten{}), {2, 3});
    nn::testing::LayerRig<double> rig(AnyLayer<double>(Flatten{}), {2, 3});
    const auto batch = rig.batch(3, {});
    REQUIRE(numbers.size() == 36);
    CHECK(std::equal(batch.x.data(), batch.x.data() + 18, numbers.data()));
    CHECK(std::equal(batch.factors.begin(), batch.factors.end(), numbers.data() + 18));
  }

  TEST_CASE("Plan: layers that work in training alone are no step of inference") {
    auto layers = [] {
      return layers_of(nn::RandomRotation<double>{0.1}, Flatten{}, nn::Dropout<double>{0.5},
                       Dense{2}, nn::Dropout<double>{0.5}, ReLU{});
    };
    nn::Network<double> network;
    for (AnyLayer<double>& layer : layers()) network.add(std::move(layer));
    network.infer_shapes({{3, 3, 1}});
    CHECK(network.plan().steps().size() == 5);  // the ReLU is a step behind a Dropout
    REQUIRE(network.plan(false, false).steps().size() == 1);
    CHECK(network.plan(false, false).steps()[0].activation == Activation::relu);
  }

  TEST_CASE("Plan: dx is wanted behind the first layer with parameters only") {
    const auto layers = layers_of(Flatten{}, ReLU{}, Dense{3}, Dense{2});
    const Plan<double> plan = plan_of(layers, {2, 2});
    REQUIRE(plan.steps().size() == 3);
    CHECK_FALSE(plan.steps()[0].needs_dx);
    CHECK_FALSE(plan.steps()[1].needs_dx);
    CHECK(plan.steps()[2].needs_dx);
  }

  TEST_CASE("Plan: dx goes in columns to the first layer with parameters only") {
    const auto in_columns = [](const std::vector<AnyLayer<double>>& layers, const Shape& sample) {
      std::vector<std::size_t> steps;
      const Plan<double> plan = plan_of(layers, sample);
      for (const auto& step : plan.steps()) {
        if (step.dx_in_columns) steps.push_back(step.leaf);
      }
      return steps;
    };
    using Steps = std::vector<std::size_t>;
    CHECK(in_columns(layers_of(ReLU{}, Conv2D{2, 2}, ReLU{}, Flatten{}, Dense{4}, Dense{3}),
                     {5, 5, 1}) == Steps{4});
    CHECK(in_columns(layers_of(Dense{4}, Dense{3}, Dense{2}), {5}).empty());  // wants it whole
    CHECK(in_columns(layers_of(Dense{4}, Plain<>{}, Dense{2}), {5}).empty());
    CHECK(in_columns(layers_of(Dense{4}, Dense{2}), {3, 5}).empty());  // works on rows of samples
    CHECK(in_columns(layers_of(ReLU{}, Dense{2}), {5}).empty());
    CHECK(in_columns(layers_of(ReLU{}, Flatten{}), {5}).empty());
  }

  TEST_CASE("Plan: a result may be in bfloat16 where only its reader wants it, and takes it so") {
    using Convolution = nn::Conv2D<float>;
    using Product = nn::Dense<float>;
    constexpr Activation relu = Activation::relu, tanh = Activation::tanh;
    const auto is_rounded = [](auto... layers) {
      std::vector<AnyLayer<float>> list;
      (list.emplace_back(std::move(layers)), ...);
      const Plan<float> plan = plan_of(list, {5, 5, 1});
      return plan.values()[1].in_bfloat16;
    };
    const nn::Flatten<float> flatten;
    CHECK(is_rounded(Convolution{2, 2}, flatten, Product{3}));
    CHECK(is_rounded(Convolution{2, 2, {.activation = relu}}, flatten, Product{3}));
    CHECK(is_rounded(Convolution{2, 2}, nn::ReLU<float>{}, flatten, Product{3}));
    CHECK_FALSE(is_rounded(Convolution{2, 2, {.activation = tanh}}, flatten, Product{3}));
    CHECK_FALSE(is_rounded(Convolution{2, 2}, Convolution{2, 2}));
    CHECK_FALSE(is_rounded(Convolution{2, 2}, Plain<float>{}, flatten, Product{3}));
    CHECK_FALSE(is_rounded(Product{2}, Product{3}));
    CHECK_FALSE(is_rounded(Convolution{2, 2}, flatten));
    CHECK_FALSE(plan_of(layers_of(Conv2D{2, 2}, Dense{3}), {5, 5, 1}).values()[1].in_bfloat16);
  }

  TEST_CASE("Plan: inference needs less memory than training, and no gradients") {
    const auto layers = layers_of(Dense{64}, ReLU{}, Dense{64}, ReLU{}, Dense{64});
    nn::Network<double> network;
    for (const auto& layer : layers) network.add(layer);
    network.infer_shapes({Shape{64}});
    const Index tensor = 10 * 64 * static_cast<Index>(sizeof(double));
    CHECK(network.workspace_bytes(10, false) == 2 * tensor);
    // Three results, and two gradients behind them; backward then uses up the results.
    CHECK(network.workspace_bytes(10, true) == 5 * tensor);
  }

  TEST_CASE("Plan: errors name the layer by number") {
    CHECK_THROWS_WITH_AS(
        (plan_of(layers_of(Conv2D{2, 3}, Flatten{}, Dense{4}, Conv2D{2, 3}), {5, 5, 1})),
        "Sequential, layer 3: Conv2D: expected samples [height, width, channels], got [4]; use "
        "images [N, height, width, channels]",
        nn::ShapeError);
    const nn::Sequential<double> inner{Dense{2}, MaxPooling2D{}};
    CHECK_THROWS_WITH_AS(
        (plan_of(layers_of(Dense{4}, inner), {3})),
        "Sequential, layer 1: Sequential, layer 1: MaxPooling2D: expected samples [height, width, "
        "channels], got [2]; use images [N, height, width, channels]",
        nn::ShapeError);
  }
}
