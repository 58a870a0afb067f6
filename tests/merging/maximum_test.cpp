// SPDX-License-Identifier: MIT
#include "nn/merging/maximum.hpp"

#include <cmath>

#include "nn/core/finite.hpp"
#include "tests/merging/merging_testing.hpp"

namespace {

using nn::testing::merging_form;
using nn::testing::MergingExample;
using Numbers = std::vector<double>;

const auto make_maximum = []<class T>() { return nn::Maximum<T>{}; };

}  // namespace

TEST_SUITE("merging/maximum") {
  TEST_CASE("Maximum: fills the form") {
    CHECK(merging_form(make_maximum, {{3, 2}, {3, 2}},
                       {.output = {3, 2},
                        .refusals = {{{{3, 2}}, "Maximum: expected two inputs or more, got 1"},
                                     {{{3, 2}, {2, 3}},
                                      "Maximum: expected inputs of one shape, [3, 2], got [2, 3]; "
                                      "give the branches equally many channels, and the same "
                                      "strides"}}}) == "");
    CHECK(merging_form(make_maximum, {{2, 2, 3}, {2, 2, 3}, {2, 2, 3}}, {.output = {2, 2, 3}}) ==
          "");
  }

  TEST_CASE("Maximum: gives the numbers of a worked example") {
    MergingExample example(nn::Maximum<double>{}, {{2, 2}, {2, 2}}, {{1, 5, -3, 0}, {2, 4, -4, 7}});
    CHECK(example.forward() == Numbers{2, 5, -3, 7});
    CHECK(example.backward({1, 2, 3, 4}) == std::vector<Numbers>{{0, 2, 3, 0}, {1, 0, 0, 4}});
  }

  TEST_CASE("Maximum: of equal inputs the first takes the gradient") {
    MergingExample example(nn::Maximum<double>{}, {{2, 2}, {2, 2}, {2, 2}},
                           {{1, 5, 2, 0}, {1, 5, 3, 9}, {1, 6, 3, 9}});
    CHECK(example.forward() == Numbers{1, 6, 3, 9});
    CHECK(example.backward({1, 2, 3, 4}) ==
          std::vector<Numbers>{{1, 0, 0, 0}, {0, 0, 3, 4}, {0, 2, 0, 0}});
  }

  TEST_CASE("Maximum: a NaN in any input is the result") {
    const double nan = nn::not_a_number<double>;
    MergingExample example(nn::Maximum<double>{}, {{1, 3}, {1, 3}}, {{nan, 1, 2}, {1, nan, 3}});
    const Numbers y = example.forward();
    CHECK(std::isnan(y[0]));
    CHECK(std::isnan(y[1]));
    CHECK_FALSE(std::isnan(y[2]));
  }

  TEST_CASE("Maximum: repeats inputs along axes of size 1, and along those that they lack") {
    CHECK(merging_form(make_maximum, {{3, 2}, {2}}, {.output = {3, 2}}) == "");
    CHECK(merging_form(make_maximum, {{3, 1}, {3, 4}}, {.output = {3, 4}}) == "");
    CHECK(merging_form(make_maximum, {{2, 1, 4}, {1, 3, 1}, {2, 3, 4}}, {.output = {2, 3, 4}}) ==
          "");
  }
}
