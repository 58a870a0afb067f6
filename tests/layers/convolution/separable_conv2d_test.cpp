// SPDX-License-Identifier: MIT
#include "nn/layers/convolution/separable_conv2d.hpp"

#include "nn/constraints/non_neg.hpp"
#include "nn/regularizers/l2.hpp"
#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Activation;
using nn::Padding;
using nn::SeparableConv2DOptions;
using nn::Shape;
using nn::Size2D;
using nn::testing::form;
using nn::testing::WorkedExample;

std::string separable_form(nn::Index filters, Size2D kernel_size,
                           const SeparableConv2DOptions& options, const Shape& sample,
                           const Shape& output) {
  return form(
      [=]<class T>() {
        return nn::SeparableConv2D<T>{filters, kernel_size, options};
      },
      sample, {.output = output});
}

}  // namespace

TEST_SUITE("layers/convolution/separable_conv2d") {
  TEST_CASE("SeparableConv2D: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::SeparableConv2D<T>{4, 3};
              },
              {5, 4, 2},
              {.output = {3, 2, 4},
               .refusals = {
                   {{20},
                    "SeparableConv2D: expected samples [height, width, channels], got [20]; use "
                    "images [N, height, width, channels]"},
                   {{5, 5, 0},
                    "SeparableConv2D: expected samples with at least one channel, got [5, 5, "
                    "0]"}}}) == "");
  }

  TEST_CASE("SeparableConv2D: fills the form with options") {
    CHECK(separable_form(
              3, {3, 2},
              {.padding = Padding::same, .depth_multiplier = 2, .activation = Activation::relu},
              {4, 4, 3}, {4, 4, 3}) == "");
    CHECK(separable_form(2, 2, {.strides = {2, 1}, .use_bias = false}, {5, 4, 9}, {2, 3, 2}) == "");
    CHECK(separable_form(2, {2, 1}, {.dilation_rate = 2, .activation = Activation::softmax},
                         {4, 2, 2}, {2, 2, 2}) == "");
  }

  TEST_CASE("SeparableConv2D: gives the numbers of a worked example") {
    WorkedExample example(nn::SeparableConv2D<double>{2, {1, 2}}, {1, 3, 2}, {1, 2, 3, 4, 5, 6},
                          {{1, 10, 2, 20}, {1, 0, 1, 3}, {0.5, 0}});
    // z[j, c] = x[j, c] D[0, c] + x[j + 1, c] D[1, c]: 7 100 13 160
    CHECK(example.forward() == "107.5 300 173.5 480");
    CHECK(example.backward({1, 0, 0, 1}) == "1 10 2 50 0 60");
    CHECK(example.gradient(0) == "1 14 3 22");
    CHECK(example.gradient(1) == "7 13 100 160");
    CHECK(example.gradient(2) == "1 1");
    CHECK(example.rig.parameters()[0].name == "depthwise_kernel");
    CHECK(example.rig.parameters()[1].name == "pointwise_kernel");
    CHECK(example.rig.parameters()[1].shape == Shape{1, 1, 2, 2});
  }

  TEST_CASE("SeparableConv2D: refuses sizes below 1") {
    using S = nn::SeparableConv2D<float>;
    CHECK_THROWS_WITH_AS((S{0, 3}), "SeparableConv2D: expected a positive number of filters, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((S{4, {0, 3}}),
                         "SeparableConv2D: expected a kernel_size of 1 or more, got (0, 3)",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((S{4, 3, {.strides = 0}}),
                         "SeparableConv2D: expected strides of 1 or more, got (0, 0)",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((S{4, 3, {.dilation_rate = 0}}),
                         "SeparableConv2D: expected a dilation_rate of 1 or more, got (0, 0)",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((S{4, 3, {.depth_multiplier = 0}}),
                         "SeparableConv2D: expected a depth_multiplier of 1 or more, got 0",
                         std::invalid_argument);
  }

  TEST_CASE("SeparableConv2D: names its arguments in Keras' words") {
    const nn::SeparableConv2D<float> layer{
        4, 3, {.strides = 2, .padding = Padding::same, .depth_multiplier = 2}};
    CHECK(
        nn::testing::arguments_text(layer) ==
        R"({"filters":4,"kernel_size":[3,3],"strides":[2,2],"padding":"same","dilation_rate":[1,1],)"
        R"("depth_multiplier":2,"activation":"linear","use_bias":true,)"
        R"("depthwise_initializer":"glorot_uniform","pointwise_initializer":"glorot_uniform",)"
        R"("bias_initializer":"zeros"})");
    for (const auto& other :
         {layer, nn::SeparableConv2D<float>{2,
                                            {1, 3},
                                            {.dilation_rate = 2,
                                            .activation = Activation::relu,
                                            .use_bias = false,
                                            .depthwise_initializer = nn::HeNormal{},
                                            .pointwise_initializer = nn::LecunNormal{},
                                            .bias_initializer = nn::Constant{2},
                                            .pointwise_regularizer = nn::L2{0.1},
                                            .bias_constraint = nn::NonNeg{}}}}) {
      CHECK(nn::testing::arguments_text(nn::SeparableConv2D<double>::from_arguments(
                other.arguments())) == nn::testing::arguments_text(other));
    }
  }
}
