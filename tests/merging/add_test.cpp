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

  TEST_CASE("Add: repeats inputs along axes of size 1, and along those that they lack") {
    CHECK(merging_form(make_add, {{3, 2}, {2}}, {.output = {3, 2}}) == "");
    CHECK(merging_form(make_add, {{3, 1}, {3, 4}}, {.output = {3, 4}}) == "");
    CHECK(merging_form(make_add, {{2, 1, 4}, {1, 3, 1}, {2, 3, 4}}, {.output = {2, 3, 4}}) == "");
    MergingExample shift(nn::Add<double>{}, {{1, 2, 2}, {1, 1, 2}}, {{1, 2, 3, 4}, {10, 20}});
    CHECK(shift.forward() == Numbers{11, 22, 13, 24});
    CHECK(shift.backward({1, 2, 3, 4}) == std::vector<Numbers>{{1, 2, 3, 4}, {4, 6}});
  }
}
