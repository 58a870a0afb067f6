// SPDX-License-Identifier: MIT
#include "nn/layers/convolution/conv1d_transpose.hpp"

#include "nn/constraints/non_neg.hpp"
#include "nn/layers/convolution/conv2d_transpose.hpp"
#include "nn/regularizers/l2.hpp"
#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Activation;
using nn::Conv1DTransposeOptions;
using nn::Index;
using nn::Padding;
using nn::Shape;
using nn::testing::form;
using nn::testing::WorkedExample;

std::string conv1d_transpose_form(Index filters, Index kernel_size,
                                  const Conv1DTransposeOptions& options, const Shape& sample,
                                  const Shape& output) {
  return form(
      [=]<class T>() {
        return nn::Conv1DTranspose<T>{filters, kernel_size, options};
      },
      sample, {.output = output});
}

}  // namespace

TEST_SUITE("layers/convolution/conv1d_transpose") {
  TEST_CASE("Conv1DTranspose: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::Conv1DTranspose<T>{3, 3};
              },
              {4, 2},
              {.output = {6, 3},
               .refusals = {
                   {{4, 5, 2},
                    "Conv1DTranspose: expected samples [steps, channels], at least one channel, "
                    "got [4, 5, 2]; use sequences [N, steps, channels]"},
                   {{0, 2},
                    "Conv1DTranspose: expected samples whose windows reach into the result, got "
                    "[0, 2]; use a larger kernel_size or output_padding"}}}) == "");
  }

  TEST_CASE("Conv1DTranspose: fills the form with options") {
    CHECK(conv1d_transpose_form(2, 3, {.strides = 2, .padding = Padding::same}, {3, 9}, {6, 2}) ==
          "");
    CHECK(conv1d_transpose_form(2, 2, {.strides = 3, .use_bias = false}, {3, 2}, {9, 2}) == "");
    CHECK(conv1d_transpose_form(2, 3, {.strides = 2, .output_padding = 1}, {3, 2}, {8, 2}) == "");
    CHECK(conv1d_transpose_form(3, 3, {.dilation_rate = 2, .activation = Activation::softmax},
                                {2, 2}, {6, 3}) == "");
  }

  TEST_CASE("Conv1DTranspose: is Conv2DTranspose of images of one row") {
    const std::vector<double> x{1, -2, 3, 4, 5, -6}, W{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
        b{0.5, -1};
    for (const Padding padding : {Padding::valid, Padding::same}) {
      for (const Index output_padding : {-1, 0, 1}) {
        CAPTURE(std::string{nn::to_string(padding)});
        CAPTURE(output_padding);
        Conv1DTransposeOptions options{.strides = 2, .padding = padding};
        nn::Conv2DTransposeOptions of_image{.strides = {1, 2}, .padding = padding};
        if (output_padding >= 0) {
          options.output_padding = output_padding;
          of_image.output_padding = nn::Size2D{0, output_padding};
        }
        WorkedExample sequence(nn::Conv1DTranspose<double>{2, 3, options}, {3, 2}, x, {W, b});
        WorkedExample image(nn::Conv2DTranspose<double>{2, {1, 3}, of_image}, {1, 3, 2}, x, {W, b});
        CHECK(sequence.forward() == image.forward());
        std::vector<double> dy(static_cast<std::size_t>(sequence.batch.y.size()));
        for (std::size_t i = 0; i < dy.size(); ++i) dy[i] = static_cast<double>(i % 5) - 2;
        CHECK(sequence.backward(dy) == image.backward(dy));
        CHECK(sequence.gradient(0) == image.gradient(0));
        CHECK(sequence.gradient(1) == image.gradient(1));
      }
    }
  }

  TEST_CASE("Conv1DTranspose: refuses sizes below 1 and output_padding that strides don't leave") {
    using C = nn::Conv1DTranspose<float>;
    CHECK_THROWS_WITH_AS((C{0, 3}), "Conv1DTranspose: expected a positive number of filters, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, 0}), "Conv1DTranspose: expected a kernel_size of 1 or more, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, 3, {.strides = 2, .dilation_rate = 2}}),
                         "Conv1DTranspose: expected strides or a dilation_rate above 1, got both",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, 3, {.padding = Padding::causal}}),
                         "Conv1DTranspose: expected padding valid or same, got causal",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, 3, {.strides = 2, .output_padding = 2}}),
                         "Conv1DTranspose: expected an output_padding of 0 or more and below the "
                         "strides, got 2 (strides 2)",
                         std::invalid_argument);
  }

  TEST_CASE("Conv1DTranspose: names its arguments in Keras' words") {
    const nn::Conv1DTranspose<float> layer{4, 3, {.strides = 2, .output_padding = 1}};
    CHECK(nn::testing::arguments_text(layer) ==
          R"({"filters":4,"kernel_size":3,"strides":2,"padding":"valid","output_padding":1,)"
          R"("dilation_rate":1,"activation":"linear","use_bias":true,)"
          R"("kernel_initializer":"glorot_uniform","bias_initializer":"zeros"})");
    for (const auto& other :
         {layer, nn::Conv1DTranspose<float>{2,
                                            3,
                                            {.padding = Padding::same,
                                            .dilation_rate = 2,
                                            .activation = Activation::relu,
                                            .use_bias = false,
                                            .kernel_initializer = nn::HeNormal{},
                                            .bias_initializer = nn::Constant{2},
                                            .kernel_regularizer = nn::L2{0.1},
                                            .bias_constraint = nn::NonNeg{}}}}) {
      CHECK(nn::testing::arguments_text(nn::Conv1DTranspose<double>::from_arguments(
                other.arguments())) == nn::testing::arguments_text(other));
    }
  }
}
