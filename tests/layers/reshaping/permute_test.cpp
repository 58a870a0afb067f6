// SPDX-License-Identifier: MIT
#include "nn/layers/reshaping/permute.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/reshaping/permute") {
  TEST_CASE("Permute: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::Permute<T>{{3, 1, 2}};
              },
              {2, 3, 4},
              {.output = {4, 2, 3},
               .refusals = {{{2, 3}, "Permute: expected samples with 3 axes, got [2, 3]"}}}) == "");
    CHECK(form(
              []<class T>() {
                return nn::Permute<T>{{2, 1, 3}};
              },
              {2, 3, 4}, {.output = {3, 2, 4}}) == "");
  }

  TEST_CASE("Permute: swaps two axes") {
    WorkedExample example(nn::Permute<double>{{2, 1}}, {2, 3}, {1, 2, 3, 4, 5, 6});
    CHECK(example.forward() == "1 4 2 5 3 6");
    CHECK(example.backward({1, 4, 2, 5, 3, 6}) == "1 2 3 4 5 6");
  }

  TEST_CASE("Permute: refuses axes that are missing, or there twice") {
    using P = nn::Permute<float>;
    CHECK_THROWS_WITH_AS(
        (P{{1, 1}}), "Permute: expected dims with each axis from 1 to 2 once, got axis 1 2 times",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        (P{{0, 1}}), "Permute: expected dims with each axis from 1 to 2 once, got axis 2 0 times",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS((P{std::vector<nn::Index>{}}),
                         "Permute: expected dims of 1 to 7 axes, got 0", std::invalid_argument);
  }

  TEST_CASE("Permute: names its argument") {
    CHECK(arguments_text(nn::Permute<float>{{2, 1}}) == R"({"dims":[2,1]})");
  }
}
