// SPDX-License-Identifier: MIT
#include "nn/layers/recurrent/simple_rnn.hpp"

#include <stdexcept>
#include <string>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Activation;
using nn::SimpleRNN;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/recurrent/simple_rnn") {
  TEST_CASE("SimpleRNN: fills the form") {
    nn::testing::LayerExpectations expected{.output = {3}};
    const std::string rule = "SimpleRNN: expected samples [steps, features], at least one of each";
    expected.refusals = {{{4}, rule + ", got [4]; use sequences [N, steps, features]"},
                         {{0, 2}, rule + ", got [0, 2]; use sequences [N, steps, features]"}};
    CHECK(form([]<class T>() { return SimpleRNN<T>{3}; }, {4, 2}, expected) == "");
    CHECK(form([]<class T>() { return SimpleRNN<T>{2}; }, {1, 3}, {.output = {2}}) == "");
  }

  TEST_CASE("SimpleRNN: fills the form with all steps, from the last one on") {
    CHECK(form(
              []<class T>() {
                return SimpleRNN<T>{3,
                                    {.activation = Activation::sigmoid,
                                     .use_bias = false,
                                     .return_sequences = true,
                                     .go_backwards = true}};
              },
              {4, 2}, {.output = {4, 3}}) == "");
  }

  TEST_CASE("SimpleRNN: gives the numbers of a worked example") {
    // h1 = 2 + 1 = 3   h2 = 2 * 2 + 1 + 10 * 3 = 35
    WorkedExample example(SimpleRNN<double>{1, {.activation = Activation::linear}}, {2, 1}, {1, 2},
                          {{2}, {10}, {1}});
    CHECK(example.forward() == "35");
    // dz2 = 1, dz1 = 10: dx = dz W, dW = 1 * 10 + 2 * 1, dU = h1 dz2, db = 11
    CHECK(example.backward({1}) == "20 2");
    CHECK(example.gradient(0) == "12");
    CHECK(example.gradient(1) == "3");
    CHECK(example.gradient(2) == "11");
  }

  TEST_CASE("SimpleRNN: refuses what it can't compute") {
    CHECK_THROWS_WITH_AS(SimpleRNN<float>{0},
                         "SimpleRNN: expected a positive number of units, got 0",
                         std::invalid_argument);
    for (const Activation activation : {Activation::gelu, Activation::softmax}) {
      const std::string sentence =
          std::string(
              "SimpleRNN: expected an activation of elements whose slope follows from its "
              "result, got ") +
          to_string(activation) + "; use tanh, sigmoid, relu or hard_sigmoid";
      CHECK_THROWS_WITH_AS((SimpleRNN<float>{2, {.activation = activation}}), sentence.c_str(),
                           std::invalid_argument);
    }
  }
}
