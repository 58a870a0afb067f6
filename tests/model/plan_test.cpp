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
  network.infer_shapes(sample);
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
      AnyLayer<double>(nn::testing::ModelLayer<double>(std::move(layers))), sample);
  auto batch = rig.batch(3, {});
  Pass pass = rig.training_pass();
  pass.as_logits = as_logits;
  rig.run(batch, pass);
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
  TEST_CASE("Plan: a layer applies the activation layer behind it") {
    const auto layers = layers_of(Dense{4}, ReLU{}, Dense{3}, Softmax{});
    const Plan<double> plan = plan_of(layers, {5});
    CHECK(plan.steps()[0].activation == Activation::relu);
    CHECK(plan.steps()[1].is_view);
    CHECK(plan.steps()[2].activation == Activation::softmax);
    CHECK(plan.steps()[3].is_view);
  }

  TEST_CASE("Plan: an activation layer stays a step behind layers that can't apply it") {
    const auto layers = layers_of(Dense{4, {.activation = Activation::tanh}}, ReLU{}, Dense{4},
                                  ReLU{{.negative_slope = 0.5}}, Plain<>{}, ReLU{});
    const Plan<double> plan = plan_of(layers, {4});
    for (const std::size_t i : {1u, 3u, 5u}) {
      CAPTURE(i);
      CHECK_FALSE(plan.steps()[i].is_view);
      CHECK(plan.steps()[i - 1].activation == Activation::linear);
    }
  }

  TEST_CASE("Plan: a ReLU's gradient is masked by the layer that writes it, across views") {
    const auto layers = layers_of(Conv2D{2, 2}, ReLU{}, MaxPooling2D{},
                                  Conv2D{2, 1, {.activation = Activation::relu}}, Flatten{},
                                  Dense{3}, ReLU{}, Plain<>{}, Dense{2});
    const Plan<double> plan = plan_of(layers, {5, 5, 1});
    const auto& steps = plan.steps();
    CHECK(steps[0].dy_is_masked);
    CHECK(steps[2].dx_is_masked);
    CHECK(steps[3].dy_is_masked);
    CHECK(steps[4].is_view);
    CHECK(steps[5].dx_is_masked);
    CHECK_FALSE(steps[5].dy_is_masked);  // Plain doesn't mask
    CHECK_FALSE(steps[7].dx_is_masked);
    CHECK_FALSE(steps[8].dx_is_masked);
  }

  TEST_CASE("Plan: a ReLU at the end masks its own gradient") {
    const auto layers = layers_of(Dense{4}, ReLU{});
    CHECK_FALSE(plan_of(layers, {3}).steps()[0].dy_is_masked);
  }

  TEST_CASE("Plan: a closing softmax may be dropped, another one not") {
    CHECK(plan_of(layers_of(Dense{3}, Softmax{}), {4}).steps()[0].drops_softmax);
    CHECK(plan_of(layers_of(Plain<>{}, Softmax{}), {4}).steps()[1].drops_softmax);
    CHECK(plan_of(layers_of(Dense{3, {.activation = Activation::softmax}}), {4})
              .closes_with_softmax());
    CHECK_FALSE(plan_of(layers_of(Softmax{}, Dense{3}), {4}).closes_with_softmax());
    CHECK_FALSE(plan_of(layers_of(Dense{3}, ReLU{}), {4}).closes_with_softmax());
    // Flatten moves the classes: [2, 3] probabilities in rows become one row of 6.
    CHECK_FALSE(plan_of(layers_of(Dense{3}, Softmax{}, Flatten{}), {2, 4}).closes_with_softmax());
  }

  TEST_CASE("Plan: the softmax is left out only where the pass asks for logits") {
    const auto logits = numbers_of(layers_of(Dense{3}), {4});
    check_equal(numbers_of(layers_of(Dense{3}, Softmax{}), {4}, true), logits);
    check_equal(numbers_of(layers_of(Dense{3}, Plain<>{}, Softmax{}), {4}, true), logits);
    const auto probabilities = numbers_of(layers_of(Dense{3}, Softmax{}), {4});
    CHECK(probabilities[0] + probabilities[1] + probabilities[2] == doctest::Approx(1));
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
    REQUIRE(plan.steps().size() == 4);
    CHECK(plan.steps()[0].activation == Activation::relu);
    CHECK(plan.steps()[1].is_view);
    CHECK(plan.steps()[2].dx_is_masked);
    CHECK(plan.steps()[2].activation == Activation::softmax);
    CHECK(plan.steps()[3].is_view);
  }

  TEST_CASE("Plan: a model of views only passes its input and its gradient on") {
    const auto numbers = numbers_of(layers_of(Flatten{}, Flatten{}), {2, 3});
    nn::testing::LayerRig<double> rig(AnyLayer<double>(Flatten{}), {2, 3});
    const auto batch = rig.batch(3, {});
    REQUIRE(numbers.size() == 36);
    CHECK(std::equal(batch.x.data(), batch.x.data() + 18, numbers.data()));
    CHECK(std::equal(batch.factors.begin(), batch.factors.end(), numbers.data() + 18));
  }

  TEST_CASE("Plan: dx is wanted behind the first layer with parameters only") {
    const auto layers = layers_of(Flatten{}, ReLU{}, Dense{3}, Dense{2});
    const Plan<double> plan = plan_of(layers, {2, 2});
    CHECK_FALSE(plan.steps()[1].needs_dx);
    CHECK_FALSE(plan.steps()[2].needs_dx);
    CHECK(plan.steps()[3].needs_dx);
  }

  TEST_CASE("Plan: dx goes in columns to the first layer with parameters only") {
    const auto in_columns = [](const std::vector<AnyLayer<double>>& layers, const Shape& sample) {
      std::vector<std::size_t> steps;
      const Plan<double> plan = plan_of(layers, sample);
      for (std::size_t i = 0; i < layers.size(); ++i) {
        if (plan.steps()[i].dx_in_columns) steps.push_back(i);
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
    const auto are_short = [](auto... layers) {
      std::vector<AnyLayer<float>> list;
      (list.emplace_back(std::move(layers)), ...);
      const Plan<float> plan = plan_of(list, {5, 5, 1});
      CHECK(plan.steps()[0].y_in_bfloat16 == plan.steps().back().x_in_bfloat16);
      return plan.steps()[0].y_in_bfloat16;
    };
    const nn::Flatten<float> flatten;
    CHECK(are_short(Convolution{2, 2}, flatten, Product{3}));
    CHECK(are_short(Convolution{2, 2, {.activation = relu}}, flatten, Product{3}));
    CHECK(are_short(Convolution{2, 2}, nn::ReLU<float>{}, flatten, Product{3}));
    CHECK_FALSE(are_short(Convolution{2, 2, {.activation = tanh}}, flatten, Product{3}));
    CHECK_FALSE(are_short(Convolution{2, 2}, Convolution{2, 2}));
    CHECK_FALSE(are_short(Convolution{2, 2}, Plain<float>{}, flatten, Product{3}));
    CHECK_FALSE(are_short(Product{2}, Product{3}));
    CHECK_FALSE(are_short(Convolution{2, 2}, flatten));
    CHECK_FALSE(plan_of(layers_of(Conv2D{2, 2}, Dense{3}), {5, 5, 1}).steps()[0].y_in_bfloat16);
  }

  TEST_CASE("Plan: inference needs less memory than training, and no gradients") {
    const auto layers = layers_of(Dense{64}, ReLU{}, Dense{64}, ReLU{}, Dense{64});
    nn::Network<double> network;
    for (const auto& layer : layers) network.add(layer);
    network.infer_shapes({64});
    const Index tensor = 10 * 64 * static_cast<Index>(sizeof(double));
    CHECK(network.workspace_bytes(10, false) == 2 * tensor);
    const Index table = nn::detail::ResultTable::num_bytes(layers.size());
    CHECK(network.workspace_bytes(10, true) == table + 5 * tensor);
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
