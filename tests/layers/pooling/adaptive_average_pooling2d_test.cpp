// SPDX-License-Identifier: MIT
#include "nn/layers/pooling/adaptive_average_pooling2d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::AdaptiveAveragePooling2D;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/pooling/adaptive_average_pooling2d") {
  TEST_CASE("AdaptiveAveragePooling2D: fills the form") {
    CHECK(form(
              []<class T>() {
                return AdaptiveAveragePooling2D<T>{{3, 2}};
              },
              {7, 4, 2},
              {.output = {3, 2, 2},
               .refusals = {{{4, 6},
                             "AdaptiveAveragePooling2D: expected samples [height, width, "
                             "channels], got [4, 6]; use images [N, height, width, channels]"},
                            {{0, 6, 1},
                             "AdaptiveAveragePooling2D: expected images with pixels and channels, "
                             "got [0, 6, 1]"}}}) == "");
    CHECK(form([]<class T>() { return AdaptiveAveragePooling2D<T>{2}; }, {4, 2, 3},
               {.output = {2, 2, 3}}) == "");
  }

  TEST_CASE("AdaptiveAveragePooling2D: gives the numbers of worked examples") {
    // Three windows on five pixels: 0-1, 1-3, 3-4.
    WorkedExample overlap(AdaptiveAveragePooling2D<double>{{1, 3}}, {1, 5, 1}, {1, 2, 3, 4, 8});
    CHECK(overlap.forward() == "1.5 3 6");
    CHECK(overlap.backward({2, 3, 4}) == "1 2 1 3 2");
    // More windows than pixels repeat them.
    WorkedExample larger(AdaptiveAveragePooling2D<double>{{1, 4}}, {1, 2, 1}, {1, 2});
    CHECK(larger.forward() == "1 1 2 2");
    CHECK(larger.backward({1, 2, 3, 4}) == "3 7");
  }

  TEST_CASE("AdaptiveAveragePooling2D: refuses sizes below 1, and names its argument") {
    CHECK_THROWS_WITH_AS(AdaptiveAveragePooling2D<float>{0},
                         "AdaptiveAveragePooling2D: expected an output_size of 1 or more, got (0, "
                         "0)",
                         std::invalid_argument);
    const AdaptiveAveragePooling2D<float> layer{{3, 2}};
    CHECK(arguments_text(layer) == R"({"output_size":[3,2]})");
    CHECK(arguments_text(AdaptiveAveragePooling2D<double>::from_arguments(layer.arguments())) ==
          arguments_text(layer));
  }
}
