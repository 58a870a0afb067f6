// SPDX-License-Identifier: MIT
#include "nn/layers/pooling/global_max_pooling1d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/pooling/global_max_pooling1d") {
  TEST_CASE("GlobalMaxPooling1D: fills the form") {
    CHECK(form([]<class T>() { return nn::GlobalMaxPooling1D<T>{}; }, {3, 5}, {.output = {5}}) ==
          "");
    CHECK(form([]<class T>() { return nn::GlobalMaxPooling1D<T>{{.keepdims = true}}; }, {3, 2},
               {.output = {1, 2}}) == "");
  }

  TEST_CASE("GlobalMaxPooling1D: gives the numbers of a worked example") {
    WorkedExample example(nn::GlobalMaxPooling1D<double>{}, {3, 2}, {1, 30, 3, 10, 2, 20});
    CHECK(example.forward() == "3 30");
    CHECK(example.backward({4, 8}) == "0 8 4 0 0 0");
  }

  TEST_CASE("GlobalMaxPooling1D: equal elements share the gradient") {
    WorkedExample example(nn::GlobalMaxPooling1D<double>{}, {3, 1}, {5, 1, 5});
    CHECK(example.forward() == "5");
    CHECK(example.backward({4}) == "2 0 2");
  }

  TEST_CASE("GlobalMaxPooling1D: names its argument") {
    CHECK(arguments_text(nn::GlobalMaxPooling1D<float>{}) == R"({"keepdims":false})");
  }
}
