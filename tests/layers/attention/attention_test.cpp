// SPDX-License-Identifier: MIT
#include "nn/layers/attention/attention.hpp"

#include <cmath>

#include "tests/merging/merging_testing.hpp"

namespace {

using nn::Attention;
using nn::AttentionOptions;
using nn::Shape;
using nn::testing::merging_form;
using nn::testing::MergingExample;

std::string dot_attention_form(const std::vector<Shape>& samples,
                               nn::testing::MergingExpectations expected,
                               const AttentionOptions& options = {}) {
  return merging_form([=]<class T>() { return Attention<T>(options); }, samples, expected);
}

}  // namespace

TEST_SUITE("layers/attention/attention") {
  TEST_CASE("Attention: fills the form") {
    CHECK(dot_attention_form(
              {{3, 4}, {5, 4}},
              {.output = {3, 4},
               .refusals = {
                   {{{3, 4}},
                    "Attention: expected two to three inputs, got 1 (query, value and key)"},
                   {{{3, 4}, {5, 3}},
                    "Attention: expected a query and a key with as many features, got [3, 4] and "
                    "[5, 3]"}}}) == "");
    CHECK(dot_attention_form({{3, 4}, {5, 2}, {5, 4}}, {.output = {3, 2}},
                             {.use_causal_mask = true}) == "");
  }

  TEST_CASE("Attention: fills the form with a scale, and with dropout") {
    CHECK(dot_attention_form({{3, 4}, {5, 4}}, {.output = {3, 4}}, {.use_scale = true}) == "");
    CHECK(dot_attention_form({{3, 4}, {5, 4}, {5, 4}}, {.output = {3, 4}, .is_random = true},
                             {.use_scale = true, .dropout = 0.5}) == "");
  }

  TEST_CASE("Attention: gives the numbers of a worked example") {
    // Scores 0 and log 3: probabilities 1/4 and 3/4.
    MergingExample example(Attention<double>{}, {{1, 1, 1}, {1, 2, 1}, {1, 2, 1}},
                           {{std::log(3.0)}, {8, 4}, {0, 1}});
    CHECK(example.forward()[0] == doctest::Approx(5));
  }

  TEST_CASE("Attention: refuses what it can't do") {
    CHECK_THROWS_WITH(Attention<float>({.dropout = 1.5}),
                      "Attention: expected a dropout from 0 to 1, got 1.5");
    nn::Arguments arguments{"Attention"};
    arguments.set("use_scale", false).set("score_mode", "concat").set("dropout", 0.0);
    CHECK_THROWS_WITH(static_cast<void>(Attention<float>::from_arguments(arguments)),
                      "Attention: expected the score_mode dot, got concat");
  }
}
