// SPDX-License-Identifier: MIT
#include "nn/layers/pooling/max_pooling2d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::MaxPooling2DOptions;
using nn::Padding;
using nn::Shape;
using nn::Size2D;
using nn::testing::form;
using nn::testing::WorkedExample;

std::string pool_form(Size2D pool_size, const MaxPooling2DOptions& options, const Shape& sample,
                      const Shape& output) {
  return form(
      [=]<class T>() {
        return nn::MaxPooling2D<T>{pool_size, options};
      },
      sample, {.output = output});
}

}  // namespace

TEST_SUITE("layers/pooling/max_pooling2d") {
  TEST_CASE("MaxPooling2D: fills the form") {
    CHECK(
        form([]<class T>() { return nn::MaxPooling2D<T>{}; }, {4, 6, 3},
             {.output = {2, 3, 3},
              .refusals = {{{4, 6},
                            "MaxPooling2D: expected samples [height, width, channels], got [4, 6]; "
                            "use images [N, height, width, channels]"},
                           {{1, 6, 3},
                            "MaxPooling2D: expected an image of at least (2, 2), got [1, 6, 3] "
                            "(padding valid); use smaller windows or nn::Padding::same"}}}) == "");
  }

  TEST_CASE("MaxPooling2D: fills the form with strides and padding") {
    CHECK(pool_form(2, {}, {5, 7, 2}, {2, 3, 2}) == "");
    CHECK(pool_form({3, 2}, {.strides = {1, 2}}, {5, 5, 17}, {3, 2, 17}) == "");
    CHECK(pool_form(3, {.strides = 2, .padding = Padding::same}, {5, 4, 2}, {3, 2, 2}) == "");
    CHECK(pool_form(2, {.strides = 3}, {6, 5, 1}, {2, 2, 1}) == "");
    CHECK(pool_form(1, {}, {1, 1, 1}, {1, 1, 1}) == "");
  }

  TEST_CASE("MaxPooling2D: gives the numbers of a worked example") {
    WorkedExample example(nn::MaxPooling2D<double>{}, {2, 4, 1}, {1, 5, 2, 3, 4, 0, 7, 6});
    CHECK(example.forward() == "5 7");
    CHECK(example.backward({10, 20}) == "0 10 0 0 0 0 20 0");
  }

  TEST_CASE("MaxPooling2D: a pixel that wins several windows gets the gradient of all") {
    WorkedExample example(nn::MaxPooling2D<double>{{1, 2}, {.strides = 1}}, {1, 3, 1}, {1, 5, 2});
    CHECK(example.forward() == "5 5");
    CHECK(example.backward({1, 2}) == "0 3 0");
  }

  TEST_CASE("MaxPooling2D: of equal pixels the first in scan order wins") {
    WorkedExample example(nn::MaxPooling2D<double>{}, {2, 2, 1}, {4, 4, 4, 4});
    CHECK(example.forward() == "4");
    CHECK(example.backward({1}) == "1 0 0 0");
  }

  TEST_CASE("MaxPooling2D: padding never wins") {
    WorkedExample example(nn::MaxPooling2D<double>{2, {.padding = Padding::same}}, {3, 3, 1},
                          {-1, -2, -3, -4, -5, -6, -7, -8, -9});
    CHECK(example.forward() == "-1 -3 -7 -9");
    CHECK(example.backward({1, 2, 3, 4}) == "1 0 2 0 0 0 3 0 4");
  }

  TEST_CASE("MaxPooling2D: windows wider than high, and a row that no window meets") {
    WorkedExample wide(
        nn::MaxPooling2D<double>{{1, 3}, {.strides = 1, .padding = nn::Padding::same}}, {1, 3, 1},
        {3, 2, 1});
    CHECK(wide.forward() == "3 3 2");
    WorkedExample rest(nn::MaxPooling2D<double>{}, {3, 2, 1}, {1, 2, 3, 4, 5, 6});
    CHECK(rest.forward() == "4");
    CHECK(rest.backward({1}) == "0 0 0 1 0 0");
  }

  TEST_CASE("MaxPooling2D: keeps the channels apart") {
    WorkedExample example(nn::MaxPooling2D<double>{{1, 2}}, {1, 2, 2}, {1, 8, 2, 7});
    CHECK(example.forward() == "2 8");
    CHECK(example.backward({3, 4}) == "0 4 3 0");
  }

  TEST_CASE("MaxPooling2D: refuses sizes below 1") {
    using P = nn::MaxPooling2D<float>;
    CHECK_THROWS_WITH_AS((P{{0, 2}}), "MaxPooling2D: expected a pool_size of 1 or more, got (0, 2)",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((P{2, {.strides = {2, -1}}}),
                         "MaxPooling2D: expected strides of 1 or more, got (2, -1)",
                         std::invalid_argument);
  }

  TEST_CASE("MaxPooling2D: names its arguments in Keras' words") {
    const nn::MaxPooling2D<float> layer{{3, 2}, {.padding = Padding::same}};
    CHECK(nn::testing::arguments_text(layer) ==
          R"({"pool_size":[3,2],"strides":[3,2],"padding":"same"})");
    CHECK(nn::testing::arguments_text(nn::MaxPooling2D<double>::from_arguments(
              layer.arguments())) == nn::testing::arguments_text(layer));
    const auto without_strides =
        nn::Arguments{"MaxPooling2D"}.set("pool_size", 3).set("padding", "same");
    CHECK(nn::testing::arguments_text(nn::MaxPooling2D<float>::from_arguments(without_strides)) ==
          R"({"pool_size":[3,3],"strides":[3,3],"padding":"same"})");
  }
}
