// SPDX-License-Identifier: MIT
#include "nn/layers/activation_layer.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Activation;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/activation_layer") {
  TEST_CASE("ActivationLayer: fills the form with each activation") {
    for (const Activation activation : nn::all_activations()) {
      CAPTURE(std::string(to_string(activation)));
      CHECK(form([=]<class T>() { return nn::ActivationLayer<T>{activation}; }, {2, 5},
                 {.output = {2, 5}, .input = {-4, 4}}) == "");
    }
  }

  TEST_CASE("ActivationLayer: gives the numbers of worked examples") {
    WorkedExample silu(nn::ActivationLayer<double>{Activation::silu}, {3}, {-1, 0, 2});
    CHECK(silu.forward() == "-0.268941 0 1.76159");
    CHECK(silu.backward({1, 2, 3}) == "0.0723295 1 3.27235");
    WorkedExample cut(nn::ActivationLayer<double>{Activation::hard_silu}, {4}, {-4, -1, 1, 4});
    CHECK(cut.forward() == "0 -0.333333 0.666667 4");
    CHECK(cut.backward({6, 6, 6, 6}) == "0 1 5 6");
    WorkedExample rows(nn::ActivationLayer<double>{Activation::log_softmax}, {2},
                       {0, std::log(3.0)});
    CHECK(rows.forward() == "-1.38629 -0.287682");
    CHECK(rows.backward({1, 1}) == "0.5 -0.5");
  }

  TEST_CASE("ActivationLayer: refuses rows without elements where it acts on rows") {
    const nn::ActivationLayer<float> rows{Activation::log_softmax};
    CHECK_THROWS_WITH_AS(
        static_cast<void>(rows.output_shape({2, 0})),
        "Activation(log_softmax): expected samples with at least one class, got [2, 0]",
        nn::ShapeError);
    CHECK_THROWS_WITH_AS(
        static_cast<void>(rows.output_shape({})),
        "Activation(log_softmax): expected samples with at least one class, got []",
        nn::ShapeError);
    CHECK(nn::ActivationLayer<float>{Activation::gelu}.output_shape({2, 0}) == nn::Shape{2, 0});
  }

  TEST_CASE("ActivationLayer: is Keras' Activation in files") {
    CHECK(nn::ActivationLayer<float>::name() == "Activation");
    CHECK(nn::testing::arguments_text(nn::ActivationLayer<float>{Activation::gelu_tanh}) ==
          R"({"activation":"gelu_tanh"})");
  }
}
