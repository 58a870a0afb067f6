// SPDX-License-Identifier: MIT
// What Conv1DTranspose and Conv2DTranspose have in common.
#include "nn/constraints/non_neg.hpp"
#include "nn/layers/convolution/conv1d_transpose.hpp"
#include "nn/layers/convolution/conv2d_transpose.hpp"
#include "nn/regularizers/l2.hpp"
#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Activation;
using nn::Conv1DTransposeOptions;
using nn::Index;
using nn::Padding;
using nn::testing::arguments_text;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/convolution/transposed_convolution") {
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

  TEST_CASE_TEMPLATE("ConvTranspose: refuses sizes and output_padding that it can't do", Layer,
                     nn::Conv1DTranspose<float>, nn::Conv2DTranspose<float>) {
    const auto sentence = [](const std::string& rule) {
      return nn::concat({Layer::name(), ": expected ", rule});
    };
    const std::string zero = std::is_same_v<Layer, nn::Conv1DTranspose<float>> ? "0" : "(0, 0)";
    CHECK_THROWS_WITH_AS((Layer{0, 3}), sentence("a positive number of filters, got 0").c_str(),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((Layer{4, 0}), sentence("a kernel_size of 1 or more, got " + zero).c_str(),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((Layer{4, 3, {.strides = 0}}),
                         sentence("strides of 1 or more, got " + zero).c_str(),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((Layer{4, 3, {.strides = 2, .dilation_rate = 2}}),
                         sentence("strides or a dilation_rate above 1, got both").c_str(),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((Layer{4, 3, {.padding = Padding::causal}}),
                         sentence("padding valid or same, got causal").c_str(),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        (Layer{4, 3, {.strides = 2, .output_padding = 2}}),
        sentence("an output_padding of 0 or more and below the strides, got 2 (strides 2)").c_str(),
        std::invalid_argument);
  }

  TEST_CASE(
      "Conv2DTranspose: refuses output_padding that the strides of one direction don't leave") {
    CHECK_THROWS_WITH_AS(
        (nn::Conv2DTranspose<float>{4, 3, {.strides = {2, 1}, .output_padding = 1}}),
        "Conv2DTranspose: expected an output_padding of 0 or more and below the strides, got 1 "
        "(strides 1)",
        std::invalid_argument);
  }

  TEST_CASE_TEMPLATE("ConvTranspose: is made again of its arguments", Layer,
                     nn::Conv1DTranspose<float>, nn::Conv2DTranspose<float>) {
    using OfDoubles = typename nn::detail::WithScalar<Layer, double>::Type;
    for (const Layer& layer : {Layer{4, 3, {.strides = 2, .output_padding = 1}},
                               Layer{2,
                                     3,
                                     {.padding = Padding::same,
                                     .dilation_rate = 2,
                                     .activation = Activation::relu,
                                     .use_bias = false,
                                     .kernel_initializer = nn::HeNormal{},
                                     .bias_initializer = nn::Constant{2},
                                     .kernel_regularizer = nn::L2{0.1},
                                     .bias_constraint = nn::NonNeg{}}}}) {
      CHECK(arguments_text(OfDoubles::from_arguments(layer.arguments())) == arguments_text(layer));
    }
  }
}
