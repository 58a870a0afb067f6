// SPDX-License-Identifier: MIT
#include "nn/layers/activation/elu.hpp"

#include <cmath>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/activation/elu") {
  TEST_CASE("ELU: fills the form") {
    for (const double alpha : {1.0, 0.0, 2.5}) {
      CAPTURE(alpha);
      CHECK(form([=]<class T>() { return nn::ELU<T>{alpha}; }, {3, 7}, {.output = {3, 7}}) == "");
    }
  }

  TEST_CASE("ELU: gives the numbers of a worked example") {
    WorkedExample example(nn::ELU<double>{2}, {3}, {-std::log(2.0), 0, 3});
    CHECK(example.forward() == "-1 0 3");
    CHECK(example.backward({1, 2, 3}) == "1 4 3");
  }

  TEST_CASE("ELU: refuses an alpha that is not finite") {
    CHECK_THROWS_WITH_AS(nn::ELU<float>{std::nan("")}, "ELU: expected a finite alpha, got nan",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(nn::ELU<float>{1e39},
                         "ELU: expected an alpha in the range of float, got 1e+39",
                         std::invalid_argument);
  }

  TEST_CASE("ELU: names its argument in Keras' words") {
    CHECK(nn::testing::arguments_text(nn::ELU<float>{}) == R"({"alpha":1.0})");
  }
}
