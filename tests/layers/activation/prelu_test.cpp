// SPDX-License-Identifier: MIT
#include "nn/layers/activation/prelu.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/activation/prelu") {
  TEST_CASE("PReLU: fills the form") {
    const auto per_element = []<class T>() {
      return nn::PReLU<T>{{.alpha_initializer = nn::Constant{0.3}}};
    };
    CHECK(form(per_element, {5}, {.output = {5}}) == "");
    CHECK(
        form(
            []<class T>() {
              return nn::PReLU<T>{{.alpha_initializer = nn::Constant{0.3}, .shared_axes = {1, 2}}};
            },
            {3, 2, 4},
            {.output = {3, 2, 4},
             .refusals = {{{3},
                           "PReLU: expected samples with axis 2, got [3] (axis 0 is that of the "
                           "batch)"}}}) == "");
  }

  TEST_CASE("PReLU: gives the numbers of a worked example") {
    WorkedExample example(nn::PReLU<double>{}, {2}, {1, -2, -3, 4}, {{0.5, 0.25}});
    CHECK(example.forward() == "1 -0.5 -1.5 4");
    CHECK(example.backward({1, 2, 4, 8}) == "1 0.5 2 8");
    CHECK(example.gradient(0) == "-12 -4");
  }

  TEST_CASE("PReLU: shares a slope along axes") {
    WorkedExample example(nn::PReLU<double>{{.shared_axes = {1}}}, {2, 2}, {-1, -2, -3, 4},
                          {{0.5, 0.25}});
    CHECK(example.forward() == "-0.5 -0.5 -1.5 4");
    static_cast<void>(example.backward({1, 1, 1, 1}));
    CHECK(example.gradient(0) == "-4 -2");
  }

  TEST_CASE("PReLU: names its arguments in Keras' words") {
    const nn::PReLU<float> layer{{.alpha_initializer = nn::Constant{0.5}, .shared_axes = {1, 2}}};
    const std::string text = R"x({"alpha_initializer":"constant(0.5)","shared_axes":[1,2]})x";
    CHECK(arguments_text(layer) == text);
    CHECK(arguments_text(nn::PReLU<float>::from_arguments(layer.arguments())) == text);
  }
}
