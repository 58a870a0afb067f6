// SPDX-License-Identifier: MIT
#include "nn/layers/pooling/global_max_pooling2d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/pooling/global_max_pooling2d") {
  TEST_CASE("GlobalMaxPooling2D: fills the form") {
    CHECK(form([]<class T>() { return nn::GlobalMaxPooling2D<T>{}; }, {3, 4, 5}, {.output = {5}}) ==
          "");
    CHECK(form([]<class T>() { return nn::GlobalMaxPooling2D<T>{{.keepdims = true}}; }, {2, 2, 2},
               {.output = {1, 1, 2}}) == "");
  }

  TEST_CASE("GlobalMaxPooling2D: gives the numbers of a worked example") {
    WorkedExample example(nn::GlobalMaxPooling2D<double>{}, {3, 1, 2}, {1, 30, 3, 10, 2, 20});
    CHECK(example.forward() == "3 30");
    CHECK(example.backward({4, 8}) == "0 8 4 0 0 0");
  }

  TEST_CASE("GlobalMaxPooling2D: equal elements share the gradient") {
    WorkedExample example(nn::GlobalMaxPooling2D<double>{}, {1, 3, 1}, {5, 1, 5});
    CHECK(example.forward() == "5");
    CHECK(example.backward({4}) == "2 0 2");
  }

  TEST_CASE("GlobalMaxPooling2D: names its argument") {
    CHECK(arguments_text(nn::GlobalMaxPooling2D<float>{}) == R"({"keepdims":false})");
  }
}
