// SPDX-License-Identifier: MIT
#include "nn/layers/convolution/depthwise_conv2d.hpp"

#include "nn/constraints/non_neg.hpp"
#include "nn/regularizers/l2.hpp"
#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Activation;
using nn::DepthwiseConv2DOptions;
using nn::Padding;
using nn::Shape;
using nn::Size2D;
using nn::testing::form;
using nn::testing::WorkedExample;

std::string depthwise_form(Size2D kernel_size, const DepthwiseConv2DOptions& options,
                           const Shape& sample, const Shape& output) {
  return form(
      [=]<class T>() {
        return nn::DepthwiseConv2D<T>{kernel_size, options};
      },
      sample, {.output = output});
}

}  // namespace

TEST_SUITE("layers/convolution/depthwise_conv2d") {
  TEST_CASE("DepthwiseConv2D: fills the form") {
    CHECK(form([]<class T>() { return nn::DepthwiseConv2D<T>{3}; }, {5, 4, 2},
               {.output = {3, 2, 2},
                .refusals = {
                    {{20},
                     "DepthwiseConv2D: expected samples [height, width, channels], got [20]; use "
                     "images [N, height, width, channels]"},
                    {{2, 5, 1},
                     "DepthwiseConv2D: expected an image of at least (3, 3), got [2, 5, 1] "
                     "(padding valid); use smaller windows or nn::Padding::same"}}}) == "");
  }

  TEST_CASE("DepthwiseConv2D: fills the form with padding, strides and dilation") {
    CHECK(depthwise_form({3, 2}, {.padding = Padding::same}, {4, 5, 3}, {4, 5, 3}) == "");
    CHECK(depthwise_form({4, 3}, {.strides = {2, 3}, .padding = Padding::same}, {5, 7, 2},
                         {3, 3, 2}) == "");
    CHECK(depthwise_form({2, 3}, {.dilation_rate = {2, 1}, .use_bias = false}, {5, 4, 2},
                         {3, 2, 2}) == "");
    CHECK(depthwise_form(2, {.strides = 2, .padding = Padding::same, .dilation_rate = 2}, {5, 5, 2},
                         {3, 3, 2}) == "");
    CHECK(depthwise_form(1, {.strides = 2}, {5, 4, 19}, {3, 2, 19}) == "");
  }

  TEST_CASE("DepthwiseConv2D: fills the form with several kernels for each channel") {
    CHECK(depthwise_form(2, {.depth_multiplier = 3}, {3, 4, 2}, {2, 3, 6}) == "");
    CHECK(depthwise_form({3, 2},
                         {.padding = Padding::same,
                          .depth_multiplier = 2,
                          .activation = Activation::relu,
                          .use_bias = false},
                         {4, 3, 3}, {4, 3, 6}) == "");
  }

  TEST_CASE("DepthwiseConv2D: fills the form with each kind of activation") {
    for (const Activation activation :
         {Activation::relu, Activation::sigmoid, Activation::softmax}) {
      CAPTURE(std::string{nn::to_string(activation)});
      CHECK(depthwise_form(2, {.activation = activation}, {3, 4, 2}, {2, 3, 2}) == "");
    }
  }

  TEST_CASE("DepthwiseConv2D: gives the numbers of a worked example") {
    WorkedExample example(nn::DepthwiseConv2D<double>{{1, 2}, {.depth_multiplier = 2}}, {1, 3, 2},
                          {1, 2, 3, 4, 5, 6}, {{1, 10, 100, 0, 0, 1, 1000, 1}, {0.5, 0, 0, 0}});
    CHECK(example.rig.parameters()[0].shape == Shape{1, 2, 2, 2});
    // y[j, c m + k] = x[j, c] W[0, c, k] + x[j + 1, c] W[1, c, k] + b
    CHECK(example.forward() == "1.5 13 4200 4 3.5 35 6400 6");
    CHECK(example.backward({1, 0, 0, 2, 0, 1, 3, 0}) == "1 0 10 302 1 3000");
    CHECK(example.gradient(0) == "1 3 12 4 3 5 18 8");
    CHECK(example.gradient(1) == "1 1 3 2");
  }

  TEST_CASE("DepthwiseConv2D: refuses sizes below 1") {
    using D = nn::DepthwiseConv2D<float>;
    CHECK_THROWS_WITH_AS((D{{0, 3}}),
                         "DepthwiseConv2D: expected a kernel_size of 1 or more, got (0, 3)",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((D{3, {.strides = {1, -1}}}),
                         "DepthwiseConv2D: expected strides of 1 or more, got (1, -1)",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((D{3, {.depth_multiplier = 0}}),
                         "DepthwiseConv2D: expected a depth_multiplier of 1 or more, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((D{3, {.dilation_rate = {0, 1}}}),
                         "DepthwiseConv2D: expected a dilation_rate of 1 or more, got (0, 1)",
                         std::invalid_argument);
  }

  TEST_CASE("DepthwiseConv2D: names its arguments in Keras' words") {
    const nn::DepthwiseConv2D<float> layer{{3, 2}, {.strides = {2, 1}, .depth_multiplier = 2}};
    CHECK(nn::testing::arguments_text(layer) ==
          R"({"kernel_size":[3,2],"strides":[2,1],"padding":"valid","depth_multiplier":2,)"
          R"("dilation_rate":[1,1],"activation":"linear","use_bias":true,)"
          R"("depthwise_initializer":"glorot_uniform","bias_initializer":"zeros"})");
    for (const auto& other :
         {layer, nn::DepthwiseConv2D<float>{3,
                                            {.padding = Padding::same,
                                            .dilation_rate = 2,
                                            .activation = Activation::relu,
                                            .use_bias = false,
                                            .depthwise_initializer = nn::HeNormal{},
                                            .bias_initializer = nn::Constant{2},
                                            .depthwise_regularizer = nn::L2{0.1},
                                            .bias_constraint = nn::NonNeg{}}}}) {
      CHECK(nn::testing::arguments_text(nn::DepthwiseConv2D<double>::from_arguments(
                other.arguments())) == nn::testing::arguments_text(other));
    }
  }
}
