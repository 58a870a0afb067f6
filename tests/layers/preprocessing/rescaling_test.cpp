// SPDX-License-Identifier: MIT
#include "nn/layers/preprocessing/rescaling.hpp"

#include <cmath>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/preprocessing/rescaling") {
  TEST_CASE("Rescaling: fills the form") {
    CHECK(form([]<class T>() { return nn::Rescaling<T>{1.0 / 255}; }, {4, 5, 1},
               {.output = {4, 5, 1}, .input = {0, 255}}) == "");
    CHECK(form([]<class T>() { return nn::Rescaling<T>(-2, 0.5); }, {3}, {.output = {3}}) == "");
  }

  TEST_CASE("Rescaling: gives the numbers of a worked example") {
    WorkedExample example(nn::Rescaling<double>(2, -1), {3}, {0, 1, 4});
    CHECK(example.forward() == "-1 1 7");
    CHECK(example.backward({1, 2, 3}) == "2 4 6");
  }

  TEST_CASE("Rescaling: refuses numbers that are not finite") {
    CHECK_THROWS_WITH_AS(nn::Rescaling<float>(std::nan("")),
                         "Rescaling: expected a finite scale, got nan", std::invalid_argument);
    CHECK_THROWS_WITH_AS(nn::Rescaling<float>(1, HUGE_VAL),
                         "Rescaling: expected a finite offset, got inf", std::invalid_argument);
    CHECK_THROWS_WITH_AS(nn::Rescaling<float>(1e308),  // infinite as a float: times 0 it is NaN
                         "Rescaling: expected a scale in the range of float, got 1e+308",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(nn::Rescaling<float>(1, -1e39),
                         "Rescaling: expected an offset in the range of float, got -1e+39",
                         std::invalid_argument);
    CHECK(WorkedExample(nn::Rescaling<double>(1e308), {2}, {0, 1}).forward() == "0 1e+308");
  }

  TEST_CASE("Rescaling: names its arguments in Keras' words") {
    CHECK(nn::testing::arguments_text(nn::Rescaling<float>(0.5, -1)) ==
          R"({"scale":0.5,"offset":-1.0})");
  }
}
