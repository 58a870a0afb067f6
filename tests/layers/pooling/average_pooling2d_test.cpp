// SPDX-License-Identifier: MIT
#include "nn/layers/pooling/average_pooling2d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::AveragePooling2D;
using nn::Padding;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/pooling/average_pooling2d") {
  TEST_CASE("AveragePooling2D: fills the form") {
    CHECK(form([]<class T>() { return AveragePooling2D<T>{2}; }, {4, 6, 3},
               {.output = {2, 3, 3},
                .refusals = {{{4, 6},
                              "AveragePooling2D: expected samples [height, width, channels], got "
                              "[4, 6]; use images [N, height, width, channels]"},
                             {{1, 6, 3},
                              "AveragePooling2D: expected an image of at least (2, 2), got [1, 6, "
                              "3] (padding valid); use smaller windows or nn::Padding::same"},
                             {{4, 6, 0},
                              "AveragePooling2D: expected samples with at least one channel, got "
                              "[4, 6, 0]"}}}) == "");
    CHECK(form(
              []<class T>() {
                return AveragePooling2D<T>{3, {.strides = 2, .padding = Padding::same}};
              },
              {5, 4, 2}, {.output = {3, 2, 2}}) == "");
    CHECK(form(
              []<class T>() {
                return AveragePooling2D<T>{{3, 2}, {.strides = {1, 2}}};
              },
              {5, 5, 2}, {.output = {3, 2, 2}}) == "");
  }

  TEST_CASE("AveragePooling2D: gives the numbers of a worked example") {
    WorkedExample example(AveragePooling2D<double>{2}, {2, 4, 1}, {1, 5, 2, 3, 4, 0, 7, 6});
    CHECK(example.forward() == "2.5 4.5");
    CHECK(example.backward({4, 8}) == "1 1 2 2 1 1 2 2");
  }

  TEST_CASE("AveragePooling2D: padded cells are not counted") {
    WorkedExample example(AveragePooling2D<double>{2, {.padding = Padding::same}}, {3, 3, 1},
                          {1, 2, 3, 4, 5, 6, 7, 8, 9});
    CHECK(example.forward() == "3 4.5 7.5 9");
    CHECK(example.backward({4, 2, 2, 1}) == "1 1 1 1 1 1 1 1 1");
  }

  TEST_CASE("AveragePooling2D: refuses sizes below 1, and names its arguments") {
    CHECK_THROWS_WITH_AS((AveragePooling2D<float>{{0, 2}}),
                         "AveragePooling2D: expected a pool_size of 1 or more, got (0, 2)",
                         std::invalid_argument);
    const AveragePooling2D<float> layer{{3, 2}, {.strides = 1, .padding = Padding::same}};
    CHECK(arguments_text(layer) == R"({"pool_size":[3,2],"strides":[1,1],"padding":"same"})");
    CHECK(arguments_text(AveragePooling2D<double>::from_arguments(layer.arguments())) ==
          arguments_text(layer));
  }
}
