// SPDX-License-Identifier: MIT
#include "nn/layers/activation/softmax.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/activation/softmax") {
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

  TEST_CASE("Softmax: takes any axis of samples") {
    CHECK(form([]<class T>() { return nn::Softmax<T>{1}; }, {3, 2},
               {.output = {3, 2},
                .refusals = {{{0, 2},
                              "Softmax: expected samples with at least one class, got [0, 2]"}}}) ==
          "");
    CHECK(form([]<class T>() { return nn::Softmax<T>{-2}; }, {2, 3, 2}, {.output = {2, 3, 2}}) ==
          "");
    WorkedExample example(nn::Softmax<double>{1}, {2, 2}, {0, 1000, std::log(3.0), 1000});
    CHECK(example.forward() == "0.25 0.5 0.75 0.5");
    CHECK(example.backward({1, 0, 0, 0}) == "0.1875 0 -0.1875 0");
  }

  TEST_CASE("Softmax: refuses the axis of the batch, and a file that names none means the last") {
    CHECK_THROWS_WITH_AS(nn::Softmax<float>{0},
                         "Softmax: expected an axis of samples, got 0, the axis of the batch",
                         std::invalid_argument);
    CHECK(nn::testing::arguments_text(nn::Softmax<float>{}) == R"({"axis":-1})");
    CHECK(nn::testing::arguments_text(nn::Softmax<float>::from_arguments(
              nn::Arguments("Softmax").set("axis", 1))) == R"({"axis":1})");
    CHECK(nn::testing::arguments_text(
              nn::Softmax<float>::from_arguments(nn::Arguments("Softmax"))) == R"({"axis":-1})");
  }
}
