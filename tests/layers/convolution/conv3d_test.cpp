// SPDX-License-Identifier: MIT
#include "nn/layers/convolution/conv3d.hpp"

#include "nn/constraints/non_neg.hpp"
#include "nn/layers/convolution/conv2d.hpp"
#include "nn/regularizers/l2.hpp"
#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Activation;
using nn::Conv3DOptions;
using nn::Index;
using nn::Padding;
using nn::Shape;
using nn::Size3D;
using nn::testing::form;
using nn::testing::WorkedExample;

std::string conv3d_form(Index filters, Size3D kernel_size, const Conv3DOptions& options,
                        const Shape& sample, const Shape& output) {
  return form(
      [=]<class T>() {
        return nn::Conv3D<T>{filters, kernel_size, options};
      },
      sample, {.output = output});
}

/// -3, -2, ..., 3, -3, ...
std::vector<double> counted(Index count) {
  std::vector<double> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i * 3 % 7) - 3;
  return values;
}

}  // namespace

TEST_SUITE("layers/convolution/conv3d") {
  TEST_CASE("Conv3D: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::Conv3D<T>{2, 2};
              },
              {3, 2, 4, 2},
              {.output = {2, 1, 3, 2},
               .refusals = {
                   {{5, 4, 2},
                    "Conv3D: expected samples [depth, height, width, channels], got [5, 4, 2]; use "
                    "volumes [N, depth, height, width, channels]"},
                   {{1, 5, 4, 2},
                    "Conv3D: expected a depth of at least 2, got [1, 5, 4, 2] (padding valid); use "
                    "smaller windows or nn::Padding::same"},
                   {{5, 1, 4, 2},
                    "Conv3D: expected an image of at least (2, 2), got [1, 4, 2] (padding valid); "
                    "use smaller windows or nn::Padding::same"}}}) == "");
  }

  TEST_CASE("Conv3D: fills the form with padding, strides, dilation and groups") {
    CHECK(conv3d_form(2, {3, 2, 1}, {.padding = Padding::same}, {3, 2, 2, 3}, {3, 2, 2, 2}) == "");
    CHECK(conv3d_form(2, 2, {.strides = {2, 1, 2}, .padding = Padding::same}, {3, 2, 3, 1},
                      {2, 2, 2, 2}) == "");
    CHECK(conv3d_form(1, {2, 2, 1}, {.dilation_rate = {2, 1, 1}, .use_bias = false}, {4, 2, 2, 2},
                      {2, 1, 2, 1}) == "");
    CHECK(conv3d_form(4, {2, 1, 2}, {.groups = 2, .activation = Activation::relu}, {3, 1, 2, 4},
                      {2, 1, 1, 4}) == "");
    CHECK(conv3d_form(2, {2, 1, 1}, {.activation = Activation::softmax}, {2, 1, 2, 2},
                      {1, 1, 2, 2}) == "");
  }

  TEST_CASE("Conv3D: the kernel's depth runs over the frames") {
    WorkedExample example(nn::Conv3D<double>{1, {2, 1, 1}}, {3, 1, 2, 1}, {1, 2, 3, 4, 5, 6},
                          {{1, 10}, {0.5}});
    CHECK(example.rig.parameters()[0].shape == Shape{2, 1, 1, 1, 1});
    CHECK(example.forward() == "31.5 42.5 53.5 64.5");
    CHECK(example.backward({1, 0, 0, 2}) == "1 0 10 2 0 20");
    CHECK(example.gradient(0) == "9 15");
    CHECK(example.gradient(1) == "3");
  }

  TEST_CASE("Conv3D: same puts the odd frame of padding last, as TensorFlow does") {
    WorkedExample example(nn::Conv3D<double>{1, {2, 1, 1}, {.padding = Padding::same}},
                          {3, 1, 1, 1}, {1, 2, 3}, {{1, 10}, {0}});
    CHECK(example.forward() == "21 32 3");
  }

  TEST_CASE("Conv3D: is Conv2D where each volume has one frame, and where frames lie in rows") {
    const std::vector<double> x = counted(2 * 4 * 5 * 4), W = counted(3 * 3 * 2 * 6),
                              b = counted(6), dy = counted(2 * 4 * 5 * 6);
    const auto same = Padding::same;
    WorkedExample images(nn::Conv2D<double>{6, 3, {.padding = same, .groups = 2}}, {4, 5, 4}, x,
                         {W, b});
    WorkedExample frames(nn::Conv3D<double>{6, {1, 3, 3}, {.padding = same, .groups = 2}},
                         {1, 4, 5, 4}, x, {W, b});
    // The depth as the height: what is the same is the same sum.
    WorkedExample depths(nn::Conv3D<double>{6, {3, 1, 3}, {.padding = same, .groups = 2}},
                         {4, 1, 5, 4}, x, {W, b});
    const std::string y = images.forward(), dx = images.backward(dy);
    for (WorkedExample* volumes : {&frames, &depths}) {
      CHECK(volumes->forward() == y);
      CHECK(volumes->backward(dy) == dx);
      CHECK(volumes->gradient(0) == images.gradient(0));
      CHECK(volumes->gradient(1) == images.gradient(1));
    }
  }

  TEST_CASE("Conv3D: takes volumes whose frames are stacked part by part") {
    // Stacks of 2^18 elements: two output frames at a time
    const Index side = 128, channels = 8;
    const std::vector<double> x = counted(5 * side * side * channels), b{0};
    WorkedExample whole(nn::Conv3D<double>{1, {2, 1, 1}}, {5, side, side, channels}, x,
                        {counted(2 * channels), b});
    const auto W = counted(2 * channels);
    whole.rig.forward(whole.batch, whole.pass);
    std::copy_n(counted(whole.batch.y.size()).data(), whole.batch.y.size(), whole.batch.dy.data());
    whole.rig.backward(whole.batch, whole.pass);
    const Index frame = side * side;
    for (const Index pixel : {Index{0}, frame + 5, 3 * frame + 77, 4 * frame - 1}) {
      CAPTURE(pixel);
      double sum = 0;
      for (Index c = 0; c < 2 * channels; ++c) {
        const Index from = pixel + c / channels * frame;
        sum += x[static_cast<std::size_t>(from * channels + c % channels)] *
               W[static_cast<std::size_t>(c)];
      }
      CHECK(whole.batch.y.data()[pixel] == doctest::Approx(sum));
    }
    const auto dy = counted(4 * frame);
    for (const Index pixel : {Index{3}, frame + 5, 4 * frame + 77}) {
      CAPTURE(pixel);
      for (Index c = 0; c < channels; ++c) {
        const double upper = pixel < 4 * frame ? dy[static_cast<std::size_t>(pixel)] : 0;
        const double lower = pixel >= frame ? dy[static_cast<std::size_t>(pixel - frame)] : 0;
        CHECK(whole.batch.dx.data()[pixel * channels + c] ==
              doctest::Approx(upper * W[static_cast<std::size_t>(c)] +
                              lower * W[static_cast<std::size_t>(channels + c)]));
      }
    }
    double dW = 0;
    for (Index pixel = 0; pixel < 4 * frame; ++pixel) {
      dW += dy[static_cast<std::size_t>(pixel)] *
            x[static_cast<std::size_t>((pixel + frame) * channels + 1)];
    }
    CHECK(whole.rig.parameters()[0].gradient().data()[channels + 1] == doctest::Approx(dW));
  }

  TEST_CASE("Conv3D: refuses sizes below 1") {
    using C = nn::Conv3D<float>;
    CHECK_THROWS_WITH_AS((C{0, 3}), "Conv3D: expected a positive number of filters, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, {1, 0, 3}}),
                         "Conv3D: expected a kernel_size of 1 or more, got (1, 0, 3)",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, 3, {.strides = 1 << 21}}),
                         "Conv3D: expected strides of at most 1048576, got (2097152, 2097152, "
                         "2097152)",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((C{4, 3, {.strides = 2, .dilation_rate = 2}}),
                         "Conv3D: expected strides or a dilation_rate above 1, got both",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(static_cast<void>(C{4, 1, {.groups = 2}}.output_shape({5, 5, 5, 3})),
                         "Conv3D: expected channels that 2 groups share, got [5, 5, 5, 3]",
                         nn::ShapeError);
  }

  TEST_CASE("Conv3D: names its arguments in Keras' words") {
    const nn::Conv3D<float> layer{4, {3, 2, 1}, {.strides = 2, .padding = Padding::same}};
    CHECK(nn::testing::arguments_text(layer) ==
          R"({"filters":4,"kernel_size":[3,2,1],"strides":[2,2,2],"padding":"same",)"
          R"("dilation_rate":[1,1,1],"groups":1,"activation":"linear","use_bias":true,)"
          R"("kernel_initializer":"glorot_uniform","bias_initializer":"zeros"})");
    for (const auto& other : {layer, nn::Conv3D<float>{2,
                                                       3,
                                                       {.dilation_rate = 2,
                                                       .groups = 2,
                                                       .activation = Activation::relu,
                                                       .use_bias = false,
                                                       .kernel_initializer = nn::HeNormal{},
                                                       .bias_initializer = nn::Constant{2},
                                                       .kernel_regularizer = nn::L2{0.1},
                                                       .bias_constraint = nn::NonNeg{}}}}) {
      CHECK(nn::testing::arguments_text(nn::Conv3D<double>::from_arguments(other.arguments())) ==
            nn::testing::arguments_text(other));
    }
  }
}
