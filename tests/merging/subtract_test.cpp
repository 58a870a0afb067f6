// SPDX-License-Identifier: MIT
#include "nn/merging/subtract.hpp"

#include "tests/merging/merging_testing.hpp"

namespace {

using nn::testing::merging_form;
using nn::testing::MergingExample;
using Numbers = std::vector<double>;

const auto make_subtract = []<class T>() { return nn::Subtract<T>{}; };

}  // namespace

TEST_SUITE("merging/subtract") {
  TEST_CASE("Subtract: fills the form") {
    CHECK(merging_form(
              make_subtract, {{3, 2}, {3, 2}},
              {.output = {3, 2},
               .refusals = {{{{3, 2}, {3, 2}, {3, 2}}, "Subtract: expected two inputs, got 3"},
                            {{{3, 2}}, "Subtract: expected two inputs, got 1"},
                            {{{3, 2}, {2, 3}},
                             "Subtract: expected inputs of one shape, [3, 2], got [2, 3]; "
                             "give the branches equally many channels, and the same "
                             "strides"}}}) == "");
  }

  TEST_CASE("Subtract: gives the numbers of a worked example") {
    MergingExample example(nn::Subtract<double>{}, {{2, 2}, {2, 2}},
                           {{1, 2, 3, 4}, {10, 20, 30, 40}});
    CHECK(example.forward() == Numbers{-9, -18, -27, -36});
    CHECK(example.backward({5, 6, 7, -8}) == std::vector<Numbers>{{5, 6, 7, -8}, {-5, -6, -7, 8}});
  }

  TEST_CASE("Subtract: repeats inputs along axes of size 1, and along those that they lack") {
    CHECK(merging_form(make_subtract, {{3, 2}, {2}}, {.output = {3, 2}}) == "");
    CHECK(merging_form(make_subtract, {{3, 1}, {3, 4}}, {.output = {3, 4}}) == "");
  }
}
