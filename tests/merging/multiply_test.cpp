// SPDX-License-Identifier: MIT
#include "nn/merging/multiply.hpp"

#include "tests/merging/merging_testing.hpp"

namespace {

using nn::Shape;
using nn::testing::merging_form;
using nn::testing::MergingExample;
using Numbers = std::vector<double>;

const auto make_multiply = []<class T>() { return nn::Multiply<T>{}; };

}  // namespace

TEST_SUITE("merging/multiply") {
  TEST_CASE("Multiply: fills the form") {
    CHECK(merging_form(make_multiply, {{3, 2}, {3, 2}},
                       {.output = {3, 2},
                        .refusals = {{{{3, 2}}, "Multiply: expected two inputs or more, got 1"},
                                     {{{3, 2}, {2, 3}},
                                      "Multiply: expected inputs of one shape, [3, 2], got [2, 3]; "
                                      "give the branches equally many channels, and the same "
                                      "strides"}}}) == "");
    CHECK(merging_form(make_multiply, {{2, 2, 3}, {2, 2, 3}, {2, 2, 3}}, {.output = {2, 2, 3}}) ==
          "");
  }

  TEST_CASE("Multiply: gives the numbers of a worked example") {
    MergingExample example(nn::Multiply<double>{}, {{2, 2}, {2, 2}, {2, 2}},
                           {{1, 2, 3, 4}, {10, 0, -1, 2}, {2, 2, 2, 0}});
    CHECK(example.forward() == Numbers{20, 0, -6, 0});
    CHECK(example.backward({1, 1, 1, 1}) ==
          std::vector<Numbers>{{20, 0, -2, 0}, {2, 4, 6, 0}, {10, 0, -3, 8}});
  }

  TEST_CASE("Multiply: repeats inputs along axes of size 1, and along those that they lack") {
    CHECK(merging_form(make_multiply, {{3, 2}, {2}}, {.output = {3, 2}}) == "");
    CHECK(merging_form(make_multiply, {{3, 1}, {3, 4}}, {.output = {3, 4}}) == "");
    CHECK(merging_form(make_multiply, {{2, 1, 4}, {1, 3, 1}, {2, 3, 4}}, {.output = {2, 3, 4}}) ==
          "");
    MergingExample gate(nn::Multiply<double>{}, {{1, 2, 2}, {1, 1, 2}}, {{1, 2, 3, 4}, {10, 0}});
    CHECK(gate.forward() == Numbers{10, 0, 30, 0});
    CHECK(gate.backward({1, 2, 3, 4}) == std::vector<Numbers>{{10, 0, 30, 0}, {10, 20}});
    MergingExample none(nn::Multiply<double>{}, {{2, 0, 2}, {2, 2}}, {{}, {1, 2, 3, 4}});
    CHECK(none.forward().empty());
    CHECK(none.backward({}) == std::vector<Numbers>{{}, {0, 0, 0, 0}});
    const std::vector<Shape> differing{{3, 1}, {1, 4}, {2, 4}};
    CHECK_THROWS_WITH_AS(static_cast<void>(nn::Multiply<float>{}.output_shape(differing)),
                         "Multiply: expected inputs of one shape, [3, 1], got [2, 4]; give the "
                         "branches equally many channels, and the same strides",
                         nn::ShapeError);
  }
}
