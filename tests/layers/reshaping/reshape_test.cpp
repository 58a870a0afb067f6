// SPDX-License-Identifier: MIT
#include "nn/layers/reshaping/reshape.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/reshaping/reshape") {
  TEST_CASE("Reshape: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::Reshape<T>{{4, 3}};
              },
              {2, 6},
              {.output = {4, 3},
               .refusals = {{{2, 5},
                             "Reshape: expected samples whose elements fill (4, 3), got 10 "
                             "elements (samples [2, 5])"}}}) == "");
    CHECK(form(
              []<class T>() {
                return nn::Reshape<T>{{-1, 2}};
              },
              {2, 3, 2},
              {.output = {6, 2},
               .refusals = {{{3, 3},
                             "Reshape: expected samples whose elements fill (-1, 2), got 9 "
                             "elements (samples [3, 3])"}}}) == "");
  }

  TEST_CASE("Reshape: keeps the order of the elements") {
    WorkedExample example(nn::Reshape<double>{{3, -1}}, {2, 3}, {1, 2, 3, 4, 5, 6});
    CHECK(example.batch.y_shape == nn::Shape{1, 3, 2});
    CHECK(example.forward() == "1 2 3 4 5 6");
    CHECK(example.backward({6, 5, 4, 3, 2, 1}) == "6 5 4 3 2 1");
  }

  TEST_CASE("Reshape: refuses sizes that are none") {
    using R = nn::Reshape<float>;
    CHECK_THROWS_WITH_AS((R{{2, 0}}), "Reshape: expected sizes of 1 or more, or -1, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((R{{-1, -1}}), "Reshape: expected at most one size of -1, got 2",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((R{{1, 1, 1, 1, 1, 1, 1, 1}}),
                         "Reshape: expected a target_shape of at most 7 axes, got 8",
                         std::invalid_argument);
  }

  TEST_CASE("Reshape: names its argument") {
    CHECK(arguments_text(nn::Reshape<float>{{4, -1}}) == R"({"target_shape":[4,-1]})");
  }
}
