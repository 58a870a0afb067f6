// SPDX-License-Identifier: MIT
#include "nn/merging/concatenate.hpp"

#include "tests/merging/merging_testing.hpp"

namespace {

using nn::Concatenate;
using nn::Index;
using nn::Shape;
using nn::testing::merging_form;
using nn::testing::MergingExample;
using Numbers = std::vector<double>;

std::string concatenate_form(Index axis, const std::vector<Shape>& samples,
                             nn::testing::MergingExpectations expected) {
  return merging_form([=]<class T>() { return Concatenate<T>{axis}; }, samples, expected);
}

}  // namespace

TEST_SUITE("merging/concatenate") {
  TEST_CASE("Concatenate: fills the form") {
    CHECK(
        concatenate_form(
            -1, {{2, 3}, {2, 1}},
            {.output = {2, 4},
             .refusals = {
                 {{{2, 3}}, "Concatenate: expected two inputs or more, got 1"},
                 {{{2, 3}, {3, 3}},
                  "Concatenate: expected inputs like [2, 3] on all axes but -1, got [3, 3] (axis 0 "
                  "is that of the batch); give the branches the same strides, or choose another "
                  "axis"},
                 {{{2, 3}, {2}},
                  "Concatenate: expected inputs like [2, 3] on all axes but -1, got [2] (axis 0 is "
                  "that of the batch); give the branches the same strides, or choose another "
                  "axis"}}}) == "");
    CHECK(
        concatenate_form(
            2, {{2, 3, 2}, {2, 1, 2}, {2, 2, 2}},
            {.output = {2, 6, 2},
             .refusals = {{{{3}, {3}},
                           "Concatenate: expected samples with axis 2, got [3] (axis 0 is that of "
                           "the batch)"}}}) == "");
    CHECK(concatenate_form(-3, {{2, 3, 2}, {1, 3, 2}}, {.output = {3, 3, 2}}) == "");
    CHECK(concatenate_form(-2, {{2, 2}, {1, 2}},
                           {.output = {3, 2},
                            .refusals = {{{{3}, {3}},
                                          "Concatenate: expected samples with axis -2, got [3] "
                                          "(axis 0 is that of the batch)"}}}) == "");
  }

  TEST_CASE("Concatenate: gives the numbers of a worked example") {
    MergingExample columns(Concatenate<double>{}, {{2, 2}, {2, 1}}, {{1, 2, 3, 4}, {10, 20}});
    CHECK(columns.forward() == Numbers{1, 2, 10, 3, 4, 20});
    CHECK(columns.backward({1, 2, 3, 4, 5, 6}) == std::vector<Numbers>{{1, 2, 4, 5}, {3, 6}});
    MergingExample rows(Concatenate<double>{1}, {{1, 1, 2}, {1, 2, 2}}, {{1, 2}, {3, 4, 5, 6}});
    CHECK(rows.forward() == Numbers{1, 2, 3, 4, 5, 6});
    CHECK(rows.backward({1, 2, 3, 4, 5, 6}) == std::vector<Numbers>{{1, 2}, {3, 4, 5, 6}});
  }

  TEST_CASE("Concatenate: refuses the axis of the batch, and sums that overflow") {
    CHECK_THROWS_WITH_AS(Concatenate<float>{0},
                         "Concatenate: expected an axis of samples, got 0, the axis of the batch",
                         std::invalid_argument);
    const Shape huge[] = {{Index{1} << 62}, {Index{1} << 62}};
    CHECK_THROWS_AS(static_cast<void>(Concatenate<float>{}.output_shape(huge)), std::bad_alloc);
  }

  TEST_CASE("Concatenate: names its arguments in Keras' words") {
    CHECK(nn::io::arguments_to_json(Concatenate<float>{2}.arguments()) == R"({"axis":2})");
  }
}
