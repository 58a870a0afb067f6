// SPDX-License-Identifier: MIT
#include "nn/layers/recurrent/lstm.hpp"

#include <stdexcept>

#include "nn/sequential.hpp"
#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Activation;
using nn::LSTM;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/recurrent/lstm") {
  TEST_CASE("LSTM: fills the form") {
    CHECK(form([]<class T>() { return LSTM<T>{3}; }, {4, 2}, {.output = {3}}) == "");
    CHECK(form([]<class T>() { return LSTM<T>{2}; }, {1, 3}, {.output = {2}}) == "");
  }

  TEST_CASE("LSTM: fills the form with all steps, from the last one on") {
    CHECK(form(
              []<class T>() {
                return LSTM<T>{3,
                               {.activation = Activation::softsign,
                                .recurrent_activation = Activation::tanh,
                                .use_bias = false,
                                .return_sequences = true,
                                .go_backwards = true}};
              },
              {4, 2}, {.output = {4, 3}}) == "");
  }

  TEST_CASE("LSTM: gives the numbers of a worked example") {
    // Gates of 1 step are x W + b = 2 3 4 5: c = 2 * 4, h = 5 * 8
    WorkedExample example(
        LSTM<double>{
            1, {.activation = Activation::linear, .recurrent_activation = Activation::linear}},
        {2, 1}, {1, 0}, {{1, 2, 3, 4}, {0.5, 1, 0, 0}, {1, 1, 1, 1}});
    // Then 1 + 40 * 0.5, 1 + 40, 1, 1: c = 41 * 8 + 21, h = 1 * 349
    CHECK(example.forward() == "349");
    // do = 349, dc = 1: di = 1, df = 8, dg = 21, dc before = 41; dh before = 0.5 * 1 + 8
    // do = 8.5 * 8, dc = 41 + 8.5 * 5 = 83.5: di = 83.5 * 4, df = 0, dg = 83.5 * 2
    CHECK(example.backward({1}) == "1107 1476");
    CHECK(example.gradient(0) == "334 0 167 68");
    CHECK(example.gradient(1) == "40 320 840 13960");
    CHECK(example.gradient(2) == "335 8 188 417");
  }

  TEST_CASE("LSTM: the bias of the forget gate begins with 1") {
    const auto first_bias = [](const nn::LSTMOptions& options) {
      nn::Sequential<double> model{LSTM<double>{2, options}};
      model.build({3, 1});
      return nn::testing::numbers(model.parameters().begin()[2].value());
    };
    CHECK(first_bias({}) == "0 0 1 1 0 0 0 0");
    CHECK(first_bias({.unit_forget_bias = false}) == "0 0 0 0 0 0 0 0");
    CHECK(first_bias({.bias_initializer = nn::Constant{3}, .unit_forget_bias = false}) ==
          "3 3 3 3 3 3 3 3");
    CHECK_THROWS_WITH_AS((LSTM<double>{2, {.bias_initializer = nn::Ones{}}}),
                         "LSTM: expected bias_initializer zeros beside unit_forget_bias, got ones; "
                         "set unit_forget_bias = false",
                         std::invalid_argument);
  }

  TEST_CASE("LSTM: its first recurrent kernel is orthogonal") {
    nn::Sequential<double> model{LSTM<double>{2}};
    model.build({3, 1});
    const auto U = model.parameters().begin()[1].value();  // [2, 8]
    double square = 0, product = 0;
    for (nn::Index j = 0; j < 8; ++j) {
      square += U(j) * U(j);
      product += U(j) * U(8 + j);
    }
    CHECK(square == doctest::Approx(1));
    CHECK(product == doctest::Approx(0).scale(1));
  }

  TEST_CASE("LSTM: is described by Keras' arguments") {
    const nn::Arguments arguments = LSTM<float>{2, {.go_backwards = true}}.arguments();
    CHECK(arguments.get<nn::Index>("units") == 2);
    CHECK(arguments.get<bool>("go_backwards"));
    CHECK(arguments.get<nn::Initializer>("bias_initializer").to_string() == "zeros");
    CHECK(arguments.get<nn::Initializer>("recurrent_initializer").to_string() == "orthogonal");
  }

  TEST_CASE("LSTM: refuses what it can't compute") {
    CHECK_THROWS_WITH_AS(LSTM<float>{-1}, "LSTM: expected a positive number of units, got -1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((LSTM<float>{2, {.recurrent_activation = Activation::mish}}),
                         "LSTM: expected an activation of elements whose slope follows from its "
                         "result, got mish; use tanh, sigmoid, relu or hard_sigmoid",
                         std::invalid_argument);
  }
}
