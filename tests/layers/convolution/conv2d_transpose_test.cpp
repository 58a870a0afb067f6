// SPDX-License-Identifier: MIT
#include "nn/layers/convolution/conv2d_transpose.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Activation;
using nn::Conv2DTransposeOptions;
using nn::Padding;
using nn::Shape;
using nn::Size2D;
using nn::testing::form;
using nn::testing::WorkedExample;

std::string conv2d_transpose_form(nn::Index filters, Size2D kernel_size,
                                  const Conv2DTransposeOptions& options, const Shape& sample,
                                  const Shape& output) {
  return form(
      [=]<class T>() {
        return nn::Conv2DTranspose<T>{filters, kernel_size, options};
      },
      sample, {.output = output});
}

}  // namespace

TEST_SUITE("layers/convolution/conv2d_transpose") {
  TEST_CASE("Conv2DTranspose: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::Conv2DTranspose<T>{3, 3};
              },
              {3, 4, 2},
              {.output = {5, 6, 3},
               .refusals = {
                   {{20},
                    "Conv2DTranspose: expected samples [height, width, channels], at least one "
                    "channel, got [20]; use images [N, height, width, channels]"},
                   {{3, 4, 0},
                    "Conv2DTranspose: expected samples [height, width, channels], at least one "
                    "channel, got [3, 4, 0]; use images [N, height, width, channels]"},
                   {{3, 0, 2},
                    "Conv2DTranspose: expected samples whose windows reach into the result, got "
                    "[3, 0, 2]; use a larger kernel_size or output_padding"}}}) == "");
  }

  TEST_CASE("Conv2DTranspose: fills the form with padding, strides and dilation") {
    CHECK(conv2d_transpose_form(2, {3, 2}, {.strides = {2, 3}}, {3, 2, 2}, {7, 6, 2}) == "");
    CHECK(conv2d_transpose_form(2, 4, {.strides = {2, 1}, .padding = Padding::same}, {3, 4, 9},
                                {6, 4, 2}) == "");
    CHECK(conv2d_transpose_form(2, 2, {.strides = 3, .use_bias = false}, {2, 2, 2}, {6, 6, 2}) ==
          "");
    CHECK(conv2d_transpose_form(2, 2, {.strides = 3, .padding = Padding::same}, {2, 2, 2},
                                {6, 6, 2}) == "");
    CHECK(conv2d_transpose_form(2, 3, {.dilation_rate = {2, 1}}, {2, 3, 2}, {6, 5, 2}) == "");
    CHECK(conv2d_transpose_form(19, 1, {.activation = Activation::relu}, {2, 3, 17}, {2, 3, 19}) ==
          "");
  }

  TEST_CASE("Conv2DTranspose: fills the form with output_padding") {
    CHECK(conv2d_transpose_form(2, 3, {.strides = 2, .padding = Padding::same, .output_padding = 0},
                                {3, 3, 2}, {5, 5, 2}) == "");
    CHECK(conv2d_transpose_form(2, {3, 2}, {.strides = {2, 3}, .output_padding = Size2D{1, 2}},
                                {2, 2, 2}, {6, 7, 2}) == "");
  }

  TEST_CASE("Conv2DTranspose: fills the form with each kind of activation") {
    for (const Activation activation :
         {Activation::relu, Activation::sigmoid, Activation::softmax}) {
      CAPTURE(std::string{nn::to_string(activation)});
      CHECK(conv2d_transpose_form(3, 2, {.activation = activation}, {2, 2, 2}, {3, 3, 3}) == "");
    }
  }

  TEST_CASE("Conv2DTranspose: gives the numbers of a worked example") {
    WorkedExample example(nn::Conv2DTranspose<double>{2, {1, 3}, {.strides = {1, 2}}}, {1, 2, 1},
                          {1, 10}, {{1, 2, 3, 4, 5, 6}, {0.5, 0}});
    CHECK(example.rig.parameters()[0].shape == Shape{1, 3, 2, 1});
    // y[2 i + u, f] += x[i] W[u, f]
    CHECK(example.forward() == "1.5 2 3.5 4 15.5 26 30.5 40 50.5 60");
    CHECK(example.backward({1, 0, 0, 0, 0, 1, 0, 0, 1, 0}) == "7 7");
    CHECK(example.gradient(0) == "1 10 0 0 10 1");
    CHECK(example.gradient(1) == "2 1");
  }

  TEST_CASE("Conv2DTranspose: refuses samples of which nothing is left") {
    const nn::Conv2DTranspose<float> empty{
        4, 2, {.strides = 2, .padding = Padding::same, .output_padding = 0}};
    CHECK_THROWS_WITH_AS(static_cast<void>(empty.output_shape({1, 1, 3})),
                         "Conv2DTranspose: expected samples whose windows reach into the result, "
                         "got [1, 1, 3]; use a larger kernel_size or output_padding",
                         nn::ShapeError);
  }

  TEST_CASE("Conv2DTranspose: names its arguments in Keras' words") {
    const nn::Conv2DTranspose<float> layer{4, {3, 2}, {.strides = 2, .output_padding = 1}};
    CHECK(
        nn::testing::arguments_text(layer) ==
        R"({"filters":4,"kernel_size":[3,2],"strides":[2,2],"padding":"valid","output_padding":[1,1],)"
        R"("dilation_rate":[1,1],"activation":"linear","use_bias":true,)"
        R"("kernel_initializer":"glorot_uniform","bias_initializer":"zeros"})");
  }
}
