// SPDX-License-Identifier: MIT
#include "nn/merging/add.hpp"

#include "tests/merging/merging_testing.hpp"

namespace {

using nn::testing::merging_form;
using nn::testing::MergingExample;
using Numbers = std::vector<double>;

const auto make_add = []<class T>() { return nn::Add<T>{}; };

}  // namespace

TEST_SUITE("merging/add") {
  TEST_CASE("Add: fills the form") {
    CHECK(merging_form(make_add, {{3, 2}, {3, 2}},
                       {.output = {3, 2},
                        .refusals = {{{{3, 2}}, "Add: expected two inputs or more, got 1"},
                                     {{{3, 2}, {2, 3}},
                                      "Add: expected inputs of one shape, [3, 2], got [2, 3]; "
                                      "give the branches equally many channels, and the same "
                                      "strides"}}}) == "");
    CHECK(merging_form(make_add, {{2, 2, 3}, {2, 2, 3}, {2, 2, 3}}, {.output = {2, 2, 3}}) == "");
  }

  TEST_CASE("Add: gives the numbers of a worked example") {
    MergingExample example(nn::Add<double>{}, {{2, 2}, {2, 2}, {2, 2}},
                           {{1, 2, 3, 4}, {10, 20, 30, 40}, {100, 200, 300, 400}});
    CHECK(example.forward() == Numbers{111, 222, 333, 444});
    CHECK(example.backward({5, 6, 7, 8}) ==
          std::vector<Numbers>{{5, 6, 7, 8}, {5, 6, 7, 8}, {5, 6, 7, 8}});
  }
}
