// SPDX-License-Identifier: MIT
#include "nn/merging/average_layer.hpp"

#include "tests/merging/merging_testing.hpp"

namespace {

using nn::testing::merging_form;
using nn::testing::MergingExample;
using Numbers = std::vector<double>;

const auto make_average_layer = []<class T>() { return nn::AverageLayer<T>{}; };

}  // namespace

TEST_SUITE("merging/average_layer") {
  TEST_CASE("AverageLayer: fills the form") {
    CHECK(merging_form(make_average_layer, {{3, 2}, {3, 2}},
                       {.output = {3, 2},
                        .refusals = {{{{3, 2}}, "Average: expected two inputs or more, got 1"},
                                     {{{3, 2}, {2, 3}},
                                      "Average: expected inputs of one shape, [3, 2], got [2, 3]; "
                                      "give the branches equally many channels, and the same "
                                      "strides"}}}) == "");
    CHECK(merging_form(make_average_layer, {{2, 2, 3}, {2, 2, 3}, {2, 2, 3}},
                       {.output = {2, 2, 3}}) == "");
  }

  TEST_CASE("AverageLayer: gives the numbers of a worked example") {
    MergingExample example(nn::AverageLayer<double>{}, {{2, 2}, {2, 2}},
                           {{1, 2, 3, 4}, {3, 6, 9, 12}});
    CHECK(example.forward() == Numbers{2, 4, 6, 8});
    CHECK(example.backward({2, 4, 6, -8}) == std::vector<Numbers>{{1, 2, 3, -4}, {1, 2, 3, -4}});
  }

  TEST_CASE("AverageLayer: is Average in files") {
    CHECK(nn::AverageLayer<float>::name() == "Average");
  }

  TEST_CASE("AverageLayer: repeats inputs along axes of size 1, and along those that they lack") {
    CHECK(merging_form(make_average_layer, {{3, 2}, {2}}, {.output = {3, 2}}) == "");
    CHECK(merging_form(make_average_layer, {{3, 1}, {3, 4}}, {.output = {3, 4}}) == "");
    CHECK(merging_form(make_average_layer, {{2, 1, 4}, {1, 3, 1}, {2, 3, 4}},
                       {.output = {2, 3, 4}}) == "");
  }
}
