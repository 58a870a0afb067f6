// SPDX-License-Identifier: MIT
#include "nn/layers/activation/relu.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::ReLUOptions;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/activation/relu") {
  TEST_CASE("ReLU: fills the form with each of its options") {
    const ReLUOptions all[] = {{},
                               {.max_value = 0.5},
                               {.negative_slope = 0.25},
                               {.threshold = 0.3},
                               {.max_value = 0.6, .negative_slope = 0.1, .threshold = 0.2}};
    for (const ReLUOptions& options : all) {
      CAPTURE(nn::testing::arguments_text(nn::ReLU<float>{options}));
      CHECK(form([=]<class T>() { return nn::ReLU<T>{options}; }, {3, 7}, {.output = {3, 7}}) ==
            "");
    }
  }

  TEST_CASE("ReLU: with a ceiling of 6 it is the activation of that name") {
    const auto of = [](const ReLUOptions& options) {
      return nn::ReLU<float>{options}.activation();
    };
    CHECK(of({.max_value = 6}) == nn::Activation::relu6);
    CHECK(of({.max_value = 5}) == nn::Activation::linear);
    CHECK(of({.max_value = 6, .negative_slope = 0.5}) == nn::Activation::linear);
    CHECK(of({.max_value = 6, .threshold = 1}) == nn::Activation::linear);
    CHECK(form([]<class T>() { return nn::ReLU<T>{{.max_value = 6}}; }, {3, 7},
               {.output = {3, 7}, .input = {-10, 10}}) == "");
  }

  TEST_CASE("ReLU: gives the numbers of a worked example") {
    WorkedExample example(nn::ReLU<double>{}, {4}, {-2, 0, 0.5, 3});
    CHECK(example.forward() == "0 0 0.5 3");
    CHECK(example.backward({1, 2, 3, 4}) == "0 0 3 4");
  }

  TEST_CASE("ReLU: threshold, slope and ceiling are those of Keras") {
    WorkedExample example(nn::ReLU<double>{{.max_value = 6, .negative_slope = 0.5, .threshold = 1}},
                          {5}, {-1, 1, 2, 6, 9});
    CHECK(example.forward() == "-1 0 2 6 6");
    CHECK(example.backward({1, 1, 1, 1, 1}) == "0.5 0.5 1 0 0");
  }

  TEST_CASE("ReLU: passes NaN on, and no infinity makes one") {
    WorkedExample example(nn::ReLU<double>{}, {1}, {std::nan("")});
    CHECK(example.forward() == "nan");
    WorkedExample capped(nn::ReLU<double>{{.max_value = 6}}, {3},
                         {std::nan(""), -HUGE_VAL, HUGE_VAL});
    CHECK(capped.forward() == "nan 0 6");
  }

  TEST_CASE("ReLU: refuses negative options, and numbers that are not finite") {
    CHECK_THROWS_WITH_AS(nn::ReLU<float>{{.max_value = -1}},
                         "ReLU: expected a max_value of 0 or more, got -1", std::invalid_argument);
    CHECK_THROWS_WITH_AS(nn::ReLU<float>{{.negative_slope = -0.5}},
                         "ReLU: expected a finite negative_slope of 0 or more, got -0.5",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(nn::ReLU<float>{{.negative_slope = HUGE_VAL}},
                         "ReLU: expected a finite negative_slope of 0 or more, got inf",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(nn::ReLU<float>{{.threshold = -0.25}},
                         "ReLU: expected a finite threshold of 0 or more, got -0.25",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(nn::ReLU<float>{{.threshold = HUGE_VAL}},
                         "ReLU: expected a finite threshold of 0 or more, got inf",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(nn::ReLU<float>{{.negative_slope = 1e39}},
                         "ReLU: expected a negative_slope in the range of float, got 1e+39",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(nn::ReLU<float>{{.threshold = 1e39}},
                         "ReLU: expected a threshold in the range of float, got 1e+39",
                         std::invalid_argument);
  }

  TEST_CASE("ReLU: names its arguments in Keras' words, an infinite ceiling as none") {
    using nn::testing::arguments_text;
    CHECK(arguments_text(nn::ReLU<float>{{.max_value = HUGE_VAL}}) ==
          arguments_text(nn::ReLU<float>{}));
    CHECK(arguments_text(nn::ReLU<float>{{.max_value = 6.5, .threshold = 0.25}}) ==
          R"({"max_value":6.5,"negative_slope":0.0,"threshold":0.25})");
    CHECK(arguments_text(nn::ReLU<float>{}) == R"({"negative_slope":0.0,"threshold":0.0})");
  }
}
