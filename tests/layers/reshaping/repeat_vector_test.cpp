// SPDX-License-Identifier: MIT
#include "nn/layers/reshaping/repeat_vector.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/reshaping/repeat_vector") {
  TEST_CASE("RepeatVector: fills the form") {
    CHECK(form([]<class T>() { return nn::RepeatVector<T>{3}; }, {4},
               {.output = {3, 4},
                .refusals = {{{2, 3}, "RepeatVector: expected samples [features], got [2, 3]"}}}) ==
          "");
  }

  TEST_CASE("RepeatVector: gives the numbers of a worked example") {
    WorkedExample example(nn::RepeatVector<double>{2}, {2}, {1, 2, 3, 4});
    CHECK(example.forward() == "1 2 1 2 3 4 3 4");
    CHECK(example.backward({1, 2, 3, 4, 5, 6, 7, 8}) == "4 6 12 14");
  }

  TEST_CASE("RepeatVector: refuses to repeat nothing, and names its argument") {
    CHECK_THROWS_WITH_AS(nn::RepeatVector<float>{0}, "RepeatVector: expected n of 1 or more, got 0",
                         std::invalid_argument);
    CHECK(arguments_text(nn::RepeatVector<float>{5}) == R"({"n":5})");
  }
}
