// SPDX-License-Identifier: MIT
#include "nn/layers/convolution/conv1d.hpp"

#include "nn/constraints/non_neg.hpp"
#include "nn/regularizers/l2.hpp"
#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Activation;
using nn::Conv1DOptions;
using nn::Padding;
using nn::Shape;
using nn::testing::form;
using nn::testing::WorkedExample;

std::string conv1d_form(nn::Index filters, nn::Index kernel_size, const Conv1DOptions& options,
                        const Shape& sample, const Shape& output) {
  return form(
      [=]<class T>() {
        return nn::Conv1D<T>{filters, kernel_size, options};
      },
      sample, {.output = output});
}

}  // namespace

TEST_SUITE("layers/convolution/conv1d") {
  TEST_CASE("Conv1D: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::Conv1D<T>{3, 3};
              },
              {7, 2},
              {.output = {5, 3},
               .refusals = {
                   {{7},
                    "Conv1D: expected samples [steps, channels], got [7]; use sequences "
                    "[N, steps, channels]"},
                   {{7, 0}, "Conv1D: expected samples with at least one channel, got [7, 0]"},
                   {{2, 5},
                    "Conv1D: expected a sequence of at least 3 steps, got [2, 5] (padding valid); "
                    "use smaller windows or longer sequences"}}}) == "");
  }

  TEST_CASE("Conv1D: fills the form with padding, strides, dilation and groups") {
    CHECK(conv1d_form(2, 4, {.padding = Padding::same}, {7, 3}, {7, 2}) == "");
    CHECK(conv1d_form(2, 4, {.strides = 3, .padding = Padding::same}, {7, 2}, {3, 2}) == "");
    CHECK(conv1d_form(2, 2, {.strides = 3}, {7, 1}, {2, 2}) == "");
    CHECK(conv1d_form(2, 3, {.dilation_rate = 2}, {7, 9}, {3, 2}) == "");
    CHECK(conv1d_form(2, 3, {.padding = Padding::causal, .dilation_rate = 2}, {6, 2}, {6, 2}) ==
          "");
    CHECK(conv1d_form(2, 4, {.strides = 2, .padding = Padding::causal}, {5, 2}, {3, 2}) == "");
    CHECK(conv1d_form(6, 3, {.groups = 2, .activation = Activation::relu}, {5, 4}, {3, 6}) == "");
    CHECK(conv1d_form(8, 3, {.padding = Padding::causal, .groups = 4}, {5, 4}, {5, 8}) == "");
    CHECK(conv1d_form(19, 1, {.use_bias = false}, {3, 17}, {3, 19}) == "");
  }

  TEST_CASE("Conv1D: gives the numbers of a worked example") {
    WorkedExample example(nn::Conv1D<double>{1, 2}, {4, 1}, {1, 2, 3, 4}, {{1, 10}, {0.5}});
    CHECK(example.forward() == "21.5 32.5 43.5");
    CHECK(example.backward({1, 0, 2}) == "1 10 2 20");
    CHECK(example.gradient(0) == "7 10");
    CHECK(example.gradient(1) == "3");
  }

  TEST_CASE("Conv1D: as many groups as channels are zeros between the other channels") {
    const std::vector<double> x{1, 2, -3, 4, 5, -6, 7, 8}, dy{1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3};
    const nn::Conv1DOptions options{.activation = Activation::relu};
    nn::Conv1DOptions in_groups = options;
    in_groups.groups = 2;
    // W [2, 1, 4], and [2, 2, 4]
    WorkedExample grouped(nn::Conv1D<double>{4, 2, in_groups}, {4, 2}, x,
                          {{1, 2, 3, 4, -5, 6, 7, -8}, {0, 1, 2, 3}});
    WorkedExample all(nn::Conv1D<double>{4, 2, options}, {4, 2}, x,
                      {{1, 2, 0, 0, 0, 0, 3, 4, -5, 6, 0, 0, 0, 0, 7, -8}, {0, 1, 2, 3}});
    CHECK(grouped.forward() == all.forward());
    CHECK(grouped.backward(dy) == all.backward(dy));
    CHECK(grouped.gradient(1) == all.gradient(1));
    const auto dW = grouped.rig.parameters()[0].gradient(),
               all_dW = all.rig.parameters()[0].gradient();
    for (nn::Index i = 0; i < 8; ++i) {
      CAPTURE(i);
      CHECK(dW(i) == all_dW(i / 4 * 8 + i % 4 / 2 * 4 + i % 4));
    }
  }

  TEST_CASE("Conv1D: causal windows end where they stand") {
    WorkedExample example(nn::Conv1D<double>{1, 2, {.padding = Padding::causal}}, {4, 1},
                          {1, 2, 3, 4}, {{1, 10}, {0}});
    CHECK(example.forward() == "10 21 32 43");
    WorkedExample strided(nn::Conv1D<double>{1, 3, {.strides = 2, .padding = Padding::causal}},
                          {4, 1}, {1, 2, 3, 4}, {{1, 10, 100}, {0}});
    CHECK(strided.forward() == "100 321");
  }

  TEST_CASE(
      "Conv1D: refuses sizes below 1, strides with a dilation, and groups that don't divide") {
    using C = nn::Conv1D<float>;
    CHECK_THROWS_WITH_AS((C{0, 3}), "Conv1D: expected a positive number of filters, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, 0}), "Conv1D: expected a kernel_size of 1 or more, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, 3, {.strides = 1 << 21}}),
                         "Conv1D: expected strides of at most 1048576, got 2097152",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, 3, {.dilation_rate = -1}}),
                         "Conv1D: expected a dilation_rate of 1 or more, got -1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, 3, {.strides = 2, .dilation_rate = 2}}),
                         "Conv1D: expected strides or a dilation_rate above 1, got both",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, 3, {.groups = 3}}),
                         "Conv1D: expected filters that 3 groups share, got 4",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(static_cast<void>(C{4, 3, {.groups = 2}}.output_shape({5, 3})),
                         "Conv1D: expected channels that 2 groups share, got [5, 3]",
                         nn::ShapeError);
  }

  TEST_CASE("Conv1D: names its arguments in Keras' words") {
    const nn::Conv1D<float> layer{4, 3, {.padding = Padding::causal, .dilation_rate = 2}};
    CHECK(
        nn::testing::arguments_text(layer) ==
        R"({"filters":4,"kernel_size":3,"strides":1,"padding":"causal","dilation_rate":2,"groups":1,)"
        R"("activation":"linear","use_bias":true,"kernel_initializer":"glorot_uniform","bias_initializer":"zeros"})");
    for (const auto& other : {layer, nn::Conv1D<float>{2,
                                                       3,
                                                       {.strides = 2,
                                                       .padding = Padding::same,
                                                       .groups = 2,
                                                       .activation = Activation::tanh,
                                                       .use_bias = false,
                                                       .kernel_initializer = nn::HeNormal{},
                                                       .bias_initializer = nn::Constant{2},
                                                       .kernel_regularizer = nn::L2{0.1},
                                                       .bias_constraint = nn::NonNeg{}}}}) {
      CHECK(nn::testing::arguments_text(nn::Conv1D<double>::from_arguments(other.arguments())) ==
            nn::testing::arguments_text(other));
    }
  }
}
