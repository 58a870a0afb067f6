// SPDX-License-Identifier: MIT
#include "nn/layers/attention/multi_head_attention.hpp"

#include "tests/merging/merging_testing.hpp"

namespace {

using nn::Index;
using nn::MultiHeadAttention;
using nn::MultiHeadAttentionOptions;
using nn::Shape;
using nn::testing::merging_form;

std::string attention_form(Index heads, Index key_dim, const std::vector<Shape>& samples,
                           nn::testing::MergingExpectations expected,
                           const MultiHeadAttentionOptions& options = {}) {
  return merging_form([=]<class T>() { return MultiHeadAttention<T>(heads, key_dim, options); },
                      samples, expected);
}

}  // namespace

TEST_SUITE("layers/attention/multi_head_attention") {
  TEST_CASE("MultiHeadAttention: fills the form with one input") {
    CHECK(attention_form(
              2, 3, {{4, 5}},
              {.output = {4, 5},
               .refusals = {
                   {{{4}},
                    "MultiHeadAttention: expected samples [steps, features] that are not "
                    "empty, got [4]"},
                   {{{0, 5}},
                    "MultiHeadAttention: expected samples [steps, features] that are not "
                    "empty, got [0, 5]"},
                   {{{4, 5}, {3, 5}, {2, 5}},
                    "MultiHeadAttention: expected a value and a key with as many steps, got [3, 5] "
                    "and [2, 5]"},
                   {{{4, 5}, {3, 5}, {3, 5}, {3, 5}},
                    "MultiHeadAttention: expected one to three inputs, got 4 (query, value and "
                    "key)"}}}) == "");
  }

  TEST_CASE("MultiHeadAttention: fills the form with two and three inputs") {
    CHECK(attention_form(2, 2, {{3, 4}, {5, 3}}, {.output = {3, 6}},
                         {.value_dim = 3, .output_shape = 6}) == "");
    CHECK(attention_form(1, 3, {{3, 4}, {2, 3}, {2, 5}}, {.output = {3, 4}}, {.use_bias = false}) ==
          "");
  }

  TEST_CASE("MultiHeadAttention: fills the form with a causal mask") {
    CHECK(attention_form(2, 2, {{4, 3}}, {.output = {4, 3}}, {.use_causal_mask = true}) == "");
    CHECK(attention_form(2, 2, {{3, 3}, {5, 3}}, {.output = {3, 3}}, {.use_causal_mask = true}) ==
          "");
  }

  TEST_CASE("MultiHeadAttention: fills the form with dropout") {
    CHECK(attention_form(2, 2, {{3, 4}, {5, 3}}, {.output = {3, 4}, .is_random = true},
                         {.dropout = 0.4}) == "");
  }

  TEST_CASE("MultiHeadAttention: refuses what it can't do") {
    CHECK_THROWS_WITH((MultiHeadAttention<float>(0, 2)),
                      "MultiHeadAttention: expected a positive number of heads, got 0");
    CHECK_THROWS_WITH((MultiHeadAttention<float>(2, -1)),
                      "MultiHeadAttention: expected a positive key_dim, got -1");
    CHECK_THROWS_WITH((MultiHeadAttention<float>(2, 1, {.dropout = -0.1})),
                      "MultiHeadAttention: expected a dropout from 0 to 1, got -0.1");
    nn::Arguments arguments = MultiHeadAttention<float>(2, 1).arguments();
    arguments.set("use_gate", true);
    CHECK_THROWS_WITH(static_cast<void>(MultiHeadAttention<float>::from_arguments(arguments)),
                      "MultiHeadAttention: expected heads without a gate, got use_gate true");
  }
}
