// SPDX-License-Identifier: MIT
#include "nn/layers/normalization/rms_normalization.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::RMSNormalization;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/normalization/rms_normalization") {
  TEST_CASE("RMSNormalization: fills the form") {
    CHECK(form([]<class T>() { return RMSNormalization<T>{}; }, {3, 5},
               {.output = {3, 5},
                .refusals = {
                    {{0}, "RMSNormalization: expected samples with elements, got [0]"}}}) == "");
    CHECK(form(
              []<class T>() {
                return RMSNormalization<T>{{.axis = {2, 3}, .epsilon = 0.5}};
              },
              {2, 3, 4}, {.output = {2, 3, 4}}) == "");
  }

  TEST_CASE("RMSNormalization: gives the numbers of a worked example") {
    // Mean squares 1 and 0; with epsilon 3 the roots are 2 and sqrt 3.
    WorkedExample example(RMSNormalization<double>{{.epsilon = 3}}, {2}, {-1, 1, 0, 0}, {{2, 4}});
    CHECK(example.forward() == "-1 2 0 0");
    // x^ = -1/2 1/2; g = dy scale = 2 8; mean(g x^) = 3/2; dx = (g - x^ 3/2) / 2
    CHECK(example.backward({1, 2, 3, 0}) == "1.375 3.625 3.4641 0");
    CHECK(example.gradient(0) == "-0.5 1");
  }

  TEST_CASE("RMSNormalization: refuses an epsilon of 0, and names its arguments") {
    CHECK_THROWS_WITH_AS(RMSNormalization<float>{{.epsilon = 0}},
                         "RMSNormalization: expected a positive epsilon, got 0",
                         std::invalid_argument);
    const RMSNormalization<float> layer{{.axis = {-2, -1}, .epsilon = 0.25}};
    CHECK(arguments_text(layer) == R"({"axis":[-2,-1],"epsilon":0.25})");
    CHECK(arguments_text(RMSNormalization<double>::from_arguments(layer.arguments())) ==
          arguments_text(layer));
  }
}
