// SPDX-License-Identifier: MIT
#include "nn/layers/regularization/activity_regularization.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/regularization/activity_regularization") {
  TEST_CASE("ActivityRegularization: fills the form") {
    CHECK(form([]<class T>() { return nn::ActivityRegularization<T>{{.l1 = 0.5, .l2 = 2}}; },
               {2, 3}, {.output = {2, 3}}) == "");
  }

  TEST_CASE("ActivityRegularization: the penalty of a sample, and its gradient, are added") {
    WorkedExample example(nn::ActivityRegularization<double>{{.l1 = 0.5, .l2 = 0.25}}, {2},
                          {1, -2, 3, 0});
    nn::ActivityPenalty penalty{.samples = 2};
    example.pass.penalty = &penalty;
    CHECK(example.forward() == "1 -2 3 0");
    CHECK(penalty.sum == (0.5 * 6 + 0.25 * 14) / 2);
    CHECK(example.backward({10, 20, 30, 40}) == "10.5 19.25 31 40");
    CHECK(penalty.sum == (0.5 * 6 + 0.25 * 14) / 2);
    example.pass.penalty = nullptr;
    CHECK(example.forward() == "1 -2 3 0");
    CHECK(example.backward({10, 20, 30, 40}) == "10 20 30 40");
  }

  TEST_CASE("ActivityRegularization: names its arguments, and refuses negative ones") {
    const nn::ActivityRegularization<float> layer{{.l1 = 0.5}};
    CHECK(arguments_text(layer) == R"({"l1":0.5,"l2":0.0})");
    CHECK(arguments_text(nn::ActivityRegularization<float>::from_arguments(layer.arguments())) ==
          R"({"l1":0.5,"l2":0.0})");
    CHECK_THROWS_WITH_AS((nn::ActivityRegularization<float>{{.l2 = -1}}),
                         "ActivityRegularization: expected finite factors of 0 or more, got -1",
                         std::invalid_argument);
  }
}
