// SPDX-License-Identifier: MIT
#include "nn/layers/softmax.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/softmax") {
  TEST_CASE("Softmax: fills the form") {
    CHECK(form([]<class T>() { return nn::Softmax<T>{}; }, {5},
               {.output = {5},
                .refusals = {
                    {{}, "Softmax: expected samples with at least one class, got []"},
                    {{0}, "Softmax: expected samples with at least one class, got [0]"}}}) == "");
    CHECK(form([]<class T>() { return nn::Softmax<T>{}; }, {3, 2, 4}, {.output = {3, 2, 4}}) == "");
    CHECK(form([]<class T>() { return nn::Softmax<T>{}; }, {1}, {.output = {1}}) == "");
  }

  TEST_CASE("Softmax: gives the numbers of a worked example") {
    WorkedExample example(nn::Softmax<double>{}, {2}, {0, std::log(3.0)});
    CHECK(example.forward() == "0.25 0.75");
    CHECK(example.backward({1, 0}) == "0.1875 -0.1875");
  }

  TEST_CASE("Softmax: stays finite for inputs whose exponentials are not") {
    WorkedExample example(nn::Softmax<double>{}, {3}, {1000, 1000, -1000});
    CHECK(example.forward() == "0.5 0.5 0");
  }

  TEST_CASE("Softmax: knows the last axis only, and a file that names none means it") {
    CHECK_THROWS_WITH_AS(nn::Softmax<float>{1}, "Softmax: expected axis -1, the last one, got 1",
                         std::invalid_argument);
    CHECK(nn::testing::arguments_text(nn::Softmax<float>{}) == R"({"axis":-1})");
    CHECK_THROWS_WITH_AS(static_cast<void>(nn::Softmax<float>::from_arguments(
                             nn::Arguments("Softmax").set("axis", 1))),
                         "Softmax: expected axis -1, the last one, got 1", std::invalid_argument);
    CHECK_NOTHROW(static_cast<void>(nn::Softmax<float>::from_arguments(nn::Arguments("Softmax"))));
  }
}
