// SPDX-License-Identifier: MIT
#include "nn/layers/normalization/layer_normalization.hpp"

#include <cmath>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::LayerNormalization;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/normalization/layer_normalization") {
  TEST_CASE("LayerNormalization: fills the form") {
    const auto make = []<class T>() { return LayerNormalization<T>{}; };
    CHECK(form(make, {5},
               {.output = {5},
                .refusals = {{{},
                              "LayerNormalization: expected samples with axis -1, got [] (axis 0 "
                              "is that of the batch)"},
                             {{3, 0},
                              "LayerNormalization: expected samples with elements, got [3, "
                              "0]"}}}) == "");
    CHECK(form(make, {3, 4}, {.output = {3, 4}}) == "");
    CHECK(form(make, {70}, {.output = {70}}) == "");  // more than the vectors that go side by side
  }

  TEST_CASE("LayerNormalization: fills the form over several axes, without gamma or beta") {
    CHECK(form(
              []<class T>() {
                return LayerNormalization<T>{{.axis = {1, 2, 3}}};
              },
              {3, 2, 4}, {.output = {3, 2, 4}}) == "");
    CHECK(form(
              []<class T>() {
                return LayerNormalization<T>{{.axis = {-2, -1}, .epsilon = 0.1, .center = false}};
              },
              {2, 3, 2}, {.output = {2, 3, 2}}) == "");
    CHECK(form([]<class T>() { return LayerNormalization<T>{{.axis = {2}, .scale = false}}; },
               {2, 5},
               {.output = {2, 5},
                .refusals = {{{2, 5, 3},
                              "LayerNormalization: expected the last axes in their order, got axis "
                              "2 (samples [2, 5, 3]); nn::Permute moves an axis"}}}) == "");
    CHECK(form([]<class T>() { return LayerNormalization<T>{{.center = false, .scale = false}}; },
               {4}, {.output = {4}}) == "");
  }

  TEST_CASE("LayerNormalization: gives the numbers of a worked example") {
    // Rows 1 3 and 4 4: means 2 4, variances 1 0; with epsilon 3 deviations 2 and sqrt 3.
    WorkedExample example(LayerNormalization<double>{{.epsilon = 3}}, {2}, {1, 3, 4, 4},
                          {{2, 5}, {10, 20}});
    CHECK(example.forward() == "9 22.5 10 20");
    // x^ = -1/2 1/2 and 0 0; g = dy gamma = 2 10 and 6 20
    // dx = (g - mean g - x^ mean(g x^)) / std: means 6 and 13, mean(g x^) = 2 and 0
    CHECK(example.backward({1, 2, 3, 4}) == "-1.5 1.5 -4.04145 4.04145");
    CHECK(example.gradient(0) == "-0.5 1");
    CHECK(example.gradient(1) == "4 6");
  }

  TEST_CASE("LayerNormalization: a variance is exact beside a mean that is large") {
    WorkedExample example(LayerNormalization<double>{{.epsilon = 1e-20}}, {4},
                          {1e8 - 1, 1e8 + 1, 1e8 - 1, 1e8 + 1}, {{1, 1, 1, 1}, {0, 0, 0, 0}});
    CHECK(example.forward() == "-1 1 -1 1");
  }

  TEST_CASE("LayerNormalization: over the steps of sequences, refuses a mask") {
    const bool mask[] = {true, false};
    WorkedExample steps(LayerNormalization<double>{{.axis = {1, 2}, .scale = false}}, {2, 1},
                        {1, 2}, {{0, 0}});
    steps.pass.mask = mask;
    CHECK_THROWS_WITH_AS(
        static_cast<void>(steps.forward()),
        "LayerNormalization: expected sequences without a mask, got masked ones "
        "(their padding would be in the statistics); normalize each step by itself",
        std::invalid_argument);
    WorkedExample step(LayerNormalization<double>{{.scale = false}}, {2, 1}, {1, 2}, {{3}});
    step.pass.mask = mask;
    CHECK(step.forward() == "3 3");
  }

  TEST_CASE("LayerNormalization: refuses options that can't be") {
    const auto make = [](const std::vector<nn::Index>& axis, double epsilon) {
      static_cast<void>(LayerNormalization<float>{{.axis = axis, .epsilon = epsilon}});
    };
    CHECK_THROWS_WITH_AS(make({}, 1e-3), "LayerNormalization: expected at least one axis, got none",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(make({-1}, 0), "LayerNormalization: expected a positive epsilon, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(make({-1}, std::nan("")),
                         "LayerNormalization: expected a positive epsilon, got nan",
                         std::invalid_argument);
  }

  TEST_CASE("LayerNormalization: names its arguments") {
    const LayerNormalization<float> layer{{.axis = {1, 2}, .gamma_initializer = nn::Zeros{}}};
    CHECK(arguments_text(layer) == R"({"axis":[1,2],"epsilon":0.001,"center":true,"scale":true,)"
                                   R"("beta_initializer":"zeros","gamma_initializer":"zeros"})");
    CHECK(arguments_text(LayerNormalization<double>::from_arguments(layer.arguments())) ==
          arguments_text(layer));
    CHECK(arguments_text(LayerNormalization<float>{}).substr(0, 10) == R"({"axis":-1)");
  }
}
