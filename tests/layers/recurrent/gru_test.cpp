// SPDX-License-Identifier: MIT
#include "nn/layers/recurrent/gru.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Activation;
using nn::GRU;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/recurrent/gru") {
  TEST_CASE("GRU: fills the form") {
    CHECK(form([]<class T>() { return GRU<T>{3}; }, {4, 2}, {.output = {3}}) == "");
    CHECK(form(
              []<class T>() {
                return GRU<T>{2, {.use_bias = false}};
              },
              {1, 3}, {.output = {2}}) == "");
  }

  TEST_CASE("GRU: fills the form where r multiplies h, with all steps, from the last one on") {
    CHECK(form(
              []<class T>() {
                return GRU<T>{
                    3, {.return_sequences = true, .go_backwards = true, .reset_after = false}};
              },
              {4, 2}, {.output = {4, 3}}) == "");
    CHECK(form(
              []<class T>() {
                return GRU<T>{2, {.reset_after = false}};
              },
              {1, 3}, {.output = {2}}) == "");
  }

  TEST_CASE("GRU: gives the numbers of a worked example, in both forms") {
    const auto forward = [](bool reset_after) {
      const std::vector<double> bias =
          reset_after ? std::vector<double>{0, 0, 0, 0, 0, 1} : std::vector<double>{0, 0, 0};
      WorkedExample example(GRU<double>{1,
                                        {.activation = Activation::linear,
                                         .recurrent_activation = Activation::linear,
                                         .reset_after = reset_after}},
                            {2, 1}, {1, 2}, {{2, 1, 4}, {0, 3, 5}, bias});
      return example.forward();
    };
    // z = 2, r = 1, g = 4 + 1 (0 + 1) = 5: h = -1 * 5.   z = 4, r = 2 + 3 * -5 = -13
    // g = 8 - 13 (5 * -5 + 1) = 320: h = 4 * -5 - 3 * 320
    CHECK(forward(true) == "-980");
    // g = 4: h = -4.   z = 4, r = 2 + 3 * -4 = -10, g = 8 + -10 * -4 * 5 = 208
    CHECK(forward(false) == "-640");
  }

  TEST_CASE("GRU: refuses what it can't compute") {
    CHECK_THROWS_WITH_AS(GRU<float>{0}, "GRU: expected a positive number of units, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((GRU<float>{2, {.activation = Activation::silu}}),
                         "GRU: expected an activation of elements whose slope follows from its "
                         "result, got silu; use tanh, sigmoid, relu or hard_sigmoid",
                         std::invalid_argument);
  }
}
