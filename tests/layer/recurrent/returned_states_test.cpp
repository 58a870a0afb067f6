// SPDX-License-Identifier: MIT
// Recurrent layers that return their states, and that begin with given ones.
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "nn/layers/recurrent/gru.hpp"
#include "nn/layers/recurrent/lstm.hpp"
#include "nn/layers/recurrent/simple_rnn.hpp"
#include "nn/testing/check_merging_layer.hpp"
#include "tests/testing/allocations.hpp"

namespace nn {
namespace {

template <class Make>
std::string form(const Make& make, const std::vector<Shape>& samples,
                 testing::MergingExpectations expected) {
  expected.allocations = testing::num_allocations;
  return testing::to_text(testing::check_merging_layer(make, samples, expected));
}

}  // namespace

TEST_SUITE("layer/returned_states") {
  TEST_CASE("LSTM: fills the form with its states") {
    CHECK(form(
              []<class T>() {
                return LSTM<T>{3, {.return_state = true}};
              },
              {{4, 2}, {3}, {3}},
              {.output = {3},
               .further_outputs = {{3}, {3}},
               .refusals = {{{{4, 2}, {3}},
                             "LSTM: expected one input or 3, a sequence before its first h and c, "
                             "got 2"},
                            {{{4, 2}, {3}, {4}},
                             "LSTM: expected states [3] to begin with, got [4]"}}}) == "");
    CHECK(form(
              []<class T>() {
                return LSTM<T>{2, {.return_sequences = true}};
              },
              {{3, 2}, {2}, {2}}, {.output = {3, 2}}) == "");
    CHECK(form(
              []<class T>() {
                return LSTM<T>{
                    2, {.return_sequences = true, .return_state = true, .go_backwards = true}};
              },
              {{3, 2}}, {.output = {3, 2}, .further_outputs = {{2}, {2}}}) == "");
  }

  TEST_CASE("GRU: fills the form with its state") {
    CHECK(form(
              []<class T>() {
                return GRU<T>{3, {.return_state = true}};
              },
              {{4, 2}, {3}},
              {.output = {3},
               .further_outputs = {{3}},
               .refusals = {{{{4, 2}, {3}, {3}},
                             "GRU: expected one input or 2, a sequence before its first h, got "
                             "3"}}}) == "");
    CHECK(form(
              []<class T>() {
                return GRU<T>{
                    2, {.return_sequences = true, .return_state = true, .reset_after = false}};
              },
              {{3, 2}, {2}}, {.output = {3, 2}, .further_outputs = {{2}}}) == "");
  }

  TEST_CASE("SimpleRNN: fills the form with its state") {
    CHECK(form(
              []<class T>() {
                return SimpleRNN<T>{2, {.return_sequences = true, .return_state = true}};
              },
              {{3, 2}, {2}},
              {.output = {3, 2},
               .further_outputs = {{2}},
               .refusals = {{{{3}, {2}},
                             "SimpleRNN: expected samples [steps, features], at least one of each, "
                             "got [3]; use sequences [N, steps, features]"}}}) == "");
    CHECK(form(
              []<class T>() {
                return SimpleRNN<T>{3, {.return_state = true}};
              },
              {{2, 2}}, {.output = {3}, .further_outputs = {{3}}}) == "");
  }

  TEST_CASE("Recurrence: a layer says by Keras' argument that it returns its states") {
    CHECK(!LSTM<float>{2}.arguments().has("return_state"));
    const Arguments arguments = LSTM<float>{2, {.return_state = true}}.arguments();
    CHECK(arguments.get<bool>("return_state"));
    CHECK(LSTM<float>::from_arguments(arguments).num_results() == 3);
    CHECK(LSTM<float>{2}.num_results() == 1);
    CHECK(GRU<float>{2, {.return_state = true}}.reversed().num_results() == 2);
  }
}

}  // namespace nn
