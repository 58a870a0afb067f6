// SPDX-License-Identifier: MIT
#include "nn/layers/convolution/conv1d_transpose.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Activation;
using nn::Conv1DTransposeOptions;
using nn::Index;
using nn::Padding;
using nn::Shape;
using nn::testing::form;

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

  TEST_CASE("Conv1DTranspose: names its arguments in Keras' words") {
    const nn::Conv1DTranspose<float> layer{4, 3, {.strides = 2, .output_padding = 1}};
    CHECK(nn::testing::arguments_text(layer) ==
          R"({"filters":4,"kernel_size":3,"strides":2,"padding":"valid","output_padding":1,)"
          R"("dilation_rate":1,"activation":"linear","use_bias":true,)"
          R"("kernel_initializer":"glorot_uniform","bias_initializer":"zeros"})");
  }
}
