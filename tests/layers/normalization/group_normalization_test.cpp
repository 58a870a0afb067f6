// SPDX-License-Identifier: MIT
#include "nn/layers/normalization/group_normalization.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::GroupNormalization;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/normalization/group_normalization") {
  TEST_CASE("GroupNormalization: fills the form") {
    CHECK(form([]<class T>() { return GroupNormalization<T>{{.groups = 2}}; }, {3, 2, 4},
               {.output = {3, 2, 4},
                .refusals = {{{},
                              "GroupNormalization: expected samples with axis -1, got [] (axis 0 "
                              "is that of the batch)"},
                             {{0, 2},
                              "GroupNormalization: expected samples with elements, got [0, "
                              "2]"},
                             {{4, 3},
                              "GroupNormalization: expected channels that make 2 groups of "
                              "one size, got 3 (samples [4, 3])"}}}) == "");
    CHECK(form([]<class T>() { return GroupNormalization<T>{{.groups = 1}}; }, {5},
               {.output = {5}}) == "");
  }

  TEST_CASE("GroupNormalization: fills the form for each channel, and on other axes") {
    CHECK(form([]<class T>() { return GroupNormalization<T>{{.groups = -1, .scale = false}}; },
               {4, 3}, {.output = {4, 3}}) == "");
    CHECK(form(
              []<class T>() {
                return GroupNormalization<T>{{.groups = 2, .axis = 1, .center = false}};
              },
              {4, 2, 3}, {.output = {4, 2, 3}}) == "");
    CHECK(form(
              []<class T>() {
                return GroupNormalization<T>{{.groups = -1, .axis = -2, .epsilon = 0.5}};
              },
              {3, 2, 3}, {.output = {3, 2, 3}}) == "");
  }

  TEST_CASE("GroupNormalization: gives the numbers of a worked example") {
    // Two places of channels 1 3 | 5 5 and 1 3 | 5 5: means 2 and 5, variances 1 and 0.
    WorkedExample example(GroupNormalization<double>{{.groups = 2, .epsilon = 3}}, {2, 4},
                          {1, 3, 5, 5, 1, 3, 5, 5}, {{2, 4, 6, 8}, {0, 10, 20, 30}});
    CHECK(example.forward() == "-1 12 20 30 -1 12 20 30");
    // x^ = -1/2 1/2 0 0; first group: g = dy gamma = 2 4 | 0 0, mean 3/2, mean(g x^) = 1/4
    CHECK(example.backward({1, 1, 0, 0, 0, 0, 0, 0}) == "0.3125 1.1875 0 0 -0.6875 -0.8125 0 0");
    CHECK(example.gradient(0) == "-0.5 0.5 0 0");
    CHECK(example.gradient(1) == "1 1 0 0");
  }

  TEST_CASE("GroupNormalization: channels first give what channels last do") {
    const std::vector<double> parameters[] = {{2, 4}, {1, -1}};
    WorkedExample last(GroupNormalization<double>{{.groups = -1}}, {3, 2}, {1, 10, 2, 20, 4, 25},
                       {parameters[0], parameters[1]});
    WorkedExample first(GroupNormalization<double>{{.groups = -1, .axis = 1}}, {2, 3},
                        {1, 2, 4, 10, 20, 25}, {parameters[0], parameters[1]});
    static_cast<void>(last.forward());
    static_cast<void>(first.forward());
    for (int channel = 0; channel < 2; ++channel) {
      for (int place = 0; place < 3; ++place) {
        CHECK(last.batch.y.data()[place * 2 + channel] ==
              doctest::Approx(first.batch.y.data()[channel * 3 + place]));
      }
    }
  }

  TEST_CASE("GroupNormalization: refuses options that can't be, and names its arguments") {
    CHECK_THROWS_WITH_AS(GroupNormalization<float>{{.groups = 0}},
                         "GroupNormalization: expected a positive number of groups, or -1, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(GroupNormalization<float>{{.axis = 0}},
                         "GroupNormalization: expected an axis of samples, got 0, the axis of the "
                         "batch",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(GroupNormalization<float>{{.epsilon = -1}},
                         "GroupNormalization: expected a positive epsilon, got -1",
                         std::invalid_argument);
    const GroupNormalization<float> layer{{.groups = 4, .scale = false}};
    CHECK(arguments_text(layer) ==
          R"({"groups":4,"axis":-1,"epsilon":0.001,"center":true,"scale":false,)"
          R"("beta_initializer":"zeros","gamma_initializer":"ones"})");
    CHECK(arguments_text(GroupNormalization<double>::from_arguments(layer.arguments())) ==
          arguments_text(layer));
  }
}
