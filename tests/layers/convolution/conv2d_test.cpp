// SPDX-License-Identifier: MIT
#include "nn/layers/convolution/conv2d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Activation;
using nn::Conv2DOptions;
using nn::Padding;
using nn::Shape;
using nn::Size2D;
using nn::testing::form;
using nn::testing::WorkedExample;

std::string conv_form(nn::Index filters, Size2D kernel_size, const Conv2DOptions& options,
                      const Shape& sample, const Shape& output) {
  return form(
      [=]<class T>() {
        return nn::Conv2D<T>{filters, kernel_size, options};
      },
      sample, {.output = output});
}

const std::vector<double> one_to_nine{1, 2, 3, 4, 5, 6, 7, 8, 9};

}  // namespace

TEST_SUITE("layers/convolution/conv2d") {
  TEST_CASE("Conv2D: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::Conv2D<T>{3, 3};
              },
              {5, 4, 2},
              {.output = {3, 2, 3},
               .refusals = {
                   {{20},
                    "Conv2D: expected samples [height, width, channels], got [20]; use images "
                    "[N, height, width, channels]"},
                   {{5, 5, 0}, "Conv2D: expected samples with at least one channel, got [5, 5, 0]"},
                   {{2, 5, 1},
                    "Conv2D: expected an image of at least (3, 3), got [2, 5, 1] "
                    "(padding valid); use smaller windows or nn::Padding::same"}}}) == "");
  }

  TEST_CASE("Conv2D: fills the form with padding, strides and dilation") {
    CHECK(conv_form(2, {3, 2}, {.padding = Padding::same}, {4, 5, 3}, {4, 5, 2}) == "");
    CHECK(conv_form(2, {4, 3}, {.strides = {2, 3}, .padding = Padding::same}, {5, 7, 2},
                    {3, 3, 2}) == "");
    CHECK(conv_form(2, {3, 2}, {.strides = {2, 1}}, {6, 5, 1}, {2, 4, 2}) == "");
    CHECK(conv_form(2, {2, 3}, {.dilation_rate = {2, 1}}, {5, 4, 2}, {3, 2, 2}) == "");
    CHECK(conv_form(1, 3, {.padding = Padding::same, .dilation_rate = 2}, {5, 4, 2}, {5, 4, 1}) ==
          "");
  }

  TEST_CASE("Conv2D: fills the form where windows skip pixels, and with one pixel") {
    CHECK(conv_form(2, 1, {.strides = 2}, {5, 4, 2}, {3, 2, 2}) == "");
    CHECK(conv_form(3, 1, {}, {1, 1, 2}, {1, 1, 3}) == "");
    CHECK(conv_form(2, {5, 4}, {}, {5, 4, 1}, {1, 1, 2}) == "");
  }

  TEST_CASE("Conv2D: fills the form without a bias, and for channels beyond one vector") {
    CHECK(conv_form(2, 2, {.use_bias = false}, {3, 4, 1}, {2, 3, 2}) == "");
    CHECK(conv_form(19, 3, {.padding = Padding::same}, {4, 3, 17}, {4, 3, 19}) == "");
  }

  TEST_CASE("Conv2D: fills the form with groups") {
    CHECK(conv_form(6, 2, {.groups = 2}, {3, 4, 4}, {2, 3, 6}) == "");
    CHECK(conv_form(4, {2, 3}, {.padding = Padding::same, .groups = 4, .use_bias = false},
                    {3, 4, 4}, {3, 4, 4}) == "");
    CHECK(conv_form(3, 3, {.strides = 2, .groups = 3, .activation = Activation::relu}, {5, 4, 27},
                    {2, 1, 3}) == "");
    CHECK(conv_form(9, {2, 3}, {.strides = {1, 2}, .groups = 3, .activation = Activation::relu},
                    {4, 5, 3}, {3, 2, 9}) == "");
  }

  TEST_CASE("Conv2D: filters read the channels of their own group") {
    WorkedExample example(nn::Conv2D<double>{4, 1, {.groups = 2}}, {1, 1, 4}, {1, 2, 3, 4},
                          {{1, 10, 100, 1000, 5, 50, 500, 5000}, {0, 0, 0, 0.5}});
    CHECK(example.forward() == "11 110 2300 23000.5");
    CHECK(example.backward({1, 1, 2, 3}) == "11 55 3200 16000");
    CHECK(example.gradient(0) == "1 1 6 9 2 2 8 12");
    CHECK(example.gradient(1) == "1 1 2 3");
    CHECK(example.rig.parameters()[0].shape == Shape{1, 1, 2, 4});
  }

  TEST_CASE("Conv2D: as many groups as channels are zeros between the other channels") {
    constexpr std::size_t cells = 6, channels = 3;
    for (const std::size_t filters : {channels, 2 * channels}) {
      CAPTURE(filters);
      const auto small_integers = [](std::size_t count) {
        std::vector<double> values(count);
        for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<double>(i * i % 7) - 3;
        return values;
      };
      const std::vector<double> x = small_integers(2 * 5 * 4 * channels),
                                W = small_integers(cells * filters), b = small_integers(filters);
      std::vector<double> all_W(cells * channels * filters, 0.0);
      const auto channel_of = [&](std::size_t f) { return f / (filters / channels); };
      const auto place_of = [&](std::size_t i) {
        return (i / filters * channels + channel_of(i % filters)) * filters + i % filters;
      };
      for (std::size_t i = 0; i < W.size(); ++i) all_W[place_of(i)] = W[i];

      const auto layer = [&](nn::Index groups) {
        return nn::Conv2D<double>{static_cast<nn::Index>(filters),
                                  {2, 3},
                                  {.strides = {2, 1},
                                   .padding = Padding::same,
                                   .groups = groups,
                                   .activation = Activation::relu}};
      };
      WorkedExample grouped(layer(channels), {5, 4, 3}, x, {W, b});
      WorkedExample all(layer(1), {5, 4, 3}, x, {all_W, b});
      CHECK(grouped.forward() == all.forward());
      const std::vector<double> dy = small_integers(2 * 3 * 4 * filters);
      CHECK(grouped.backward(dy) == all.backward(dy));
      CHECK(grouped.gradient(1) == all.gradient(1));
      const auto dW = grouped.rig.parameters()[0].gradient(),
                 all_dW = all.rig.parameters()[0].gradient();
      for (std::size_t i = 0; i < W.size(); ++i) {
        CAPTURE(i);
        CHECK(dW(static_cast<nn::Index>(i)) == all_dW(static_cast<nn::Index>(place_of(i))));
      }
    }
  }

  TEST_CASE("Conv2D: refuses groups that don't divide the channels") {
    using C = nn::Conv2D<float>;
    CHECK_THROWS_WITH_AS((C{4, 3, {.groups = 0}}),
                         "Conv2D: expected a positive number of groups, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, 3, {.groups = 3}}),
                         "Conv2D: expected filters that 3 groups share, got 4",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(static_cast<void>(C{4, 3, {.groups = 2}}.output_shape({5, 5, 3})),
                         "Conv2D: expected channels that 2 groups share, got [5, 5, 3]",
                         nn::ShapeError);
  }

  TEST_CASE("Conv2D: refuses causal padding, which is for sequences") {
    const nn::Conv2D<float> layer{4, 3, {.padding = Padding::causal}};
    CHECK_THROWS_WITH_AS(static_cast<void>(layer.output_shape({5, 5, 3})),
                         "Conv2D: expected padding valid or same, got causal",
                         std::invalid_argument);
  }

  TEST_CASE("Conv2D: fills the form with each activation") {
    for (const Activation activation :
         {Activation::relu, Activation::sigmoid, Activation::tanh, Activation::softmax}) {
      CAPTURE(std::string{nn::to_string(activation)});
      CHECK(conv_form(3, 2, {.activation = activation}, {3, 4, 2}, {2, 3, 3}) == "");
    }
  }

  TEST_CASE("Conv2D: gives the numbers of a worked example") {
    WorkedExample example(nn::Conv2D<double>{1, 2}, {3, 3, 1}, one_to_nine, {{1, 2, 3, 4}, {0.5}});
    CHECK(example.forward() == "37.5 47.5 67.5 77.5");
    CHECK(example.backward({1, 0, 0, 2}) == "1 2 0 3 6 4 0 6 8");
    CHECK(example.gradient(0) == "11 14 20 23");
    CHECK(example.gradient(1) == "3");
  }

  TEST_CASE("Conv2D: same puts the odd row and column of padding last, as TensorFlow does") {
    WorkedExample even(nn::Conv2D<double>{1, 2, {.padding = Padding::same}}, {3, 3, 1}, one_to_nine,
                       {{1, 2, 3, 4}, {0}});
    CHECK(even.forward() == "37 47 21 67 77 33 23 26 9");
    WorkedExample strided(
        nn::Conv2D<double>{1, {1, 3}, {.strides = {1, 2}, .padding = Padding::same}}, {1, 4, 1},
        {1, 2, 3, 4}, {{1, 10, 100}, {0}});
    CHECK(strided.forward() == "321 43");
  }

  TEST_CASE("Conv2D: dilation spreads the cells of a window") {
    WorkedExample example(nn::Conv2D<double>{1, {1, 2}, {.dilation_rate = {1, 2}}}, {1, 5, 1},
                          {1, 2, 3, 4, 5}, {{1, 10}, {0}});
    CHECK(example.forward() == "31 42 53");
  }

  TEST_CASE("Conv2D: the kernel is [height, width, in, out]") {
    WorkedExample example(nn::Conv2D<double>{2, 1}, {1, 1, 2}, {3, 5}, {{1, 2, 3, 4}, {0, 0}});
    CHECK(example.forward() == "18 26");
    CHECK(example.rig.parameters()[0].shape == Shape{1, 1, 2, 2});
    CHECK(example.rig.parameters()[0].name == "kernel");
    CHECK(example.rig.parameters()[1].name == "bias");
  }

  TEST_CASE("Conv2D: refuses sizes below 1") {
    using C = nn::Conv2D<float>;
    CHECK_THROWS_WITH_AS((C{0, 3}), "Conv2D: expected a positive number of filters, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, {0, 3}}), "Conv2D: expected a kernel_size of 1 or more, got (0, 3)",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, 3, {.strides = {1, -1}}}),
                         "Conv2D: expected strides of 1 or more, got (1, -1)",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, 3, {.dilation_rate = {0, 1}}}),
                         "Conv2D: expected a dilation_rate of 1 or more, got (0, 1)",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, 3, {.strides = 1 << 21}}),
                         "Conv2D: expected strides of at most 1048576, got (2097152, 2097152)",
                         std::invalid_argument);
  }

  TEST_CASE("Conv2D: refuses strides together with a dilation, as Keras does") {
    CHECK_THROWS_WITH_AS((nn::Conv2D<float>{4, 3, {.strides = 2, .dilation_rate = 2}}),
                         "Conv2D: expected strides or a dilation_rate above 1, got both",
                         std::invalid_argument);
  }

  TEST_CASE("Conv2D: names its arguments in Keras' words") {
    const nn::Conv2D<float> layer{
        4, {3, 2}, {.strides = {2, 1}, .padding = Padding::same, .activation = Activation::relu}};
    CHECK(
        nn::testing::arguments_text(layer) ==
        R"({"filters":4,"kernel_size":[3,2],"strides":[2,1],"padding":"same","dilation_rate":[1,1],)"
        R"("groups":1,"activation":"relu","use_bias":true,"kernel_initializer":"glorot_uniform","bias_initializer":"zeros"})");
    for (const auto& other : {layer, nn::Conv2D<float>{2,
                                                       3,
                                                       {.dilation_rate = 2,
                                                       .groups = 2,
                                                       .use_bias = false,
                                                       .kernel_initializer = nn::HeNormal{},
                                                       .bias_initializer = nn::Constant{2}}}}) {
      CHECK(nn::testing::arguments_text(nn::Conv2D<double>::from_arguments(other.arguments())) ==
            nn::testing::arguments_text(other));
    }
  }
}
