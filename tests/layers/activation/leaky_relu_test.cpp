// SPDX-License-Identifier: MIT
#include "nn/layers/activation/leaky_relu.hpp"

#include <cmath>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/activation/leaky_relu") {
  TEST_CASE("LeakyReLU: fills the form") {
    for (const double slope : {0.3, 0.0, -0.5}) {
      CAPTURE(slope);
      CHECK(form([=]<class T>() { return nn::LeakyReLU<T>{slope}; }, {3, 7}, {.output = {3, 7}}) ==
            "");
    }
  }

  TEST_CASE("LeakyReLU: gives the numbers of a worked example") {
    WorkedExample example(nn::LeakyReLU<double>{}, {3}, {-2, 0, 3});
    CHECK(example.forward() == "-0.6 0 3");
    CHECK(example.backward({1, 2, 3}) == "0.3 0.6 3");
  }

  TEST_CASE("LeakyReLU: refuses slopes that are not finite") {
    CHECK_THROWS_WITH_AS(nn::LeakyReLU<float>{HUGE_VAL},
                         "LeakyReLU: expected a finite negative_slope, got inf",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(nn::LeakyReLU<float>{1e39},
                         "LeakyReLU: expected a negative_slope in the range of float, got 1e+39",
                         std::invalid_argument);
  }

  TEST_CASE("LeakyReLU: names its argument in Keras' words") {
    CHECK(nn::testing::arguments_text(nn::LeakyReLU<float>{}) == R"({"negative_slope":0.3})");
  }
}
