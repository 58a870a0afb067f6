// SPDX-License-Identifier: MIT
#include "nn/layers/normalization/unit_normalization.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/normalization/unit_normalization") {
  TEST_CASE("UnitNormalization: fills the form") {
    CHECK(form([]<class T>() { return nn::UnitNormalization<T>{}; }, {3, 4}, {.output = {3, 4}}) ==
          "");
    CHECK(form([]<class T>() { return nn::UnitNormalization<T>{1}; }, {3, 4},
               {.output = {3, 4},
                .refusals = {{{},
                              "UnitNormalization: expected samples with axis 1, got [] (axis 0 is "
                              "that of the batch)"}}}) == "");
  }

  TEST_CASE("UnitNormalization: gives the numbers of a worked example") {
    WorkedExample example(nn::UnitNormalization<double>{}, {2}, {3, 4, 0, 0});
    CHECK(example.forward() == "0.6 0.8 0 0");
    CHECK(example.backward({5, 10, 1, 2}) == "-0.32 0.24 1e+12 2e+12");
  }

  TEST_CASE("UnitNormalization: refuses the axis of the batch, and names its argument") {
    CHECK_THROWS_WITH_AS(nn::UnitNormalization<float>{0},
                         "UnitNormalization: expected an axis of samples, got 0, the axis of the "
                         "batch",
                         std::invalid_argument);
    CHECK(arguments_text(nn::UnitNormalization<float>{2}) == R"({"axis":2})");
  }
}
