// SPDX-License-Identifier: MIT
#include "nn/layers/pooling/adaptive_max_pooling2d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::AdaptiveMaxPooling2D;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/pooling/adaptive_max_pooling2d") {
  TEST_CASE("AdaptiveMaxPooling2D: fills the form") {
    CHECK(form(
              []<class T>() {
                return AdaptiveMaxPooling2D<T>{{3, 2}};
              },
              {7, 4, 2}, {.output = {3, 2, 2}}) == "");
    CHECK(form([]<class T>() { return AdaptiveMaxPooling2D<T>{1}; }, {3, 2, 2},
               {.output = {1, 1, 2}}) == "");
  }

  TEST_CASE("AdaptiveMaxPooling2D: gives the numbers of a worked example") {
    WorkedExample example(AdaptiveMaxPooling2D<double>{{1, 3}}, {1, 5, 1}, {1, 9, 3, 4, 8});
    CHECK(example.forward() == "9 9 8");
    CHECK(example.backward({1, 2, 4}) == "0 3 0 0 4");
  }

  TEST_CASE("AdaptiveMaxPooling2D: names its argument") {
    CHECK(arguments_text(AdaptiveMaxPooling2D<float>{{3, 2}}) == R"({"output_size":[3,2]})");
  }
}
