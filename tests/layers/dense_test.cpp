// SPDX-License-Identifier: MIT
#include "nn/layers/dense.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Activation;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/dense") {
  TEST_CASE("Dense: fills the form") {
    const std::vector<nn::testing::Refusal> refusals{
        {{}, "Dense: expected samples with at least one feature, got []"},
        {{3, 0}, "Dense: expected samples with at least one feature, got [3, 0]"}};
    CHECK(form([]<class T>() { return nn::Dense<T>{5}; }, {4},
               {.output = {5}, .refusals = refusals}) == "");
  }

  TEST_CASE("Dense: fills the form with each activation") {
    for (const Activation activation :
         {Activation::relu, Activation::sigmoid, Activation::tanh, Activation::softmax}) {
      CAPTURE(std::string{nn::to_string(activation)});
      CHECK(form(
                [=]<class T>() {
                  return nn::Dense<T>{3, {.activation = activation}};
                },
                {2}, {.output = {3}}) == "");
    }
  }

  TEST_CASE("Dense: fills the form without a bias, and for sizes beyond one vector") {
    CHECK(form(
              []<class T>() {
                return nn::Dense<T>{1, {.use_bias = false}};
              },
              {1}, {.output = {1}}) == "");
    CHECK(form([]<class T>() { return nn::Dense<T>{37}; }, {71}, {.output = {37}}) == "");
  }

  TEST_CASE("Dense: takes inputs of a higher rank as rows of their last axis") {
    CHECK(form(
              []<class T>() {
                return nn::Dense<T>{3, {.activation = Activation::relu}};
              },
              {2, 5, 4}, {.output = {2, 5, 3}}) == "");
    WorkedExample example(nn::Dense<double>{1}, {2, 2}, {1, 2, 3, 4}, {{10, 100}, {0.5}});
    CHECK(example.forward() == "210.5 430.5");
  }

  TEST_CASE("Dense: gives the numbers of a worked example") {
    WorkedExample example(nn::Dense<double>{2}, {3}, {1, 0, -1}, {{1, 2, 3, 4, 5, 6}, {10, 20}});
    CHECK(example.forward() == "6 16");
    CHECK(example.backward({1, -2}) == "-3 -5 -7");
    CHECK(example.gradient(0) == "1 -2 0 0 -1 2");
    CHECK(example.gradient(1) == "1 -2");
  }

  TEST_CASE("Dense: refuses a number of units below 1") {
    CHECK_THROWS_WITH_AS(nn::Dense<float>{0}, "Dense: expected a positive number of units, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(nn::Dense<float>{-3}, "Dense: expected a positive number of units, got -3",
                         std::invalid_argument);
  }

  TEST_CASE("Dense: names its arguments in Keras' words") {
    const nn::Dense<float> layer{
        5,
        {.activation = Activation::tanh, .use_bias = false, .kernel_initializer = nn::HeNormal{}}};
    CHECK(
        nn::testing::arguments_text(layer) ==
        R"({"units":5,"activation":"tanh","use_bias":false,"kernel_initializer":"he_normal","bias_initializer":"zeros"})");
    CHECK(nn::testing::arguments_text(nn::Dense<double>::from_arguments(layer.arguments())) ==
          nn::testing::arguments_text(layer));
  }

  TEST_CASE("Dense: starts from Glorot's kernel and a bias of zero") {
    nn::Sequential<float> model{nn::Dense{50}};
    model.build({30}, {.seed = 3});
    const auto kernel = model.parameters().named()[0].value<2>();
    const float limit = std::sqrt(6.0f / 80);
    float largest = 0;
    for (nn::Index i = 0; i < kernel.size(); ++i) {
      largest = std::max(largest, std::abs(kernel.data()[i]));
    }
    CHECK(largest <= limit);
    CHECK(largest > 0.95f * limit);
    const auto bias = model.parameters().named()[1].value();
    CHECK(std::all_of(bias.data(), bias.data() + bias.size(), [](float v) { return v == 0; }));
  }
}
