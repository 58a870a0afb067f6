// SPDX-License-Identifier: MIT
#include "nn/layers/reshaping/zero_padding2d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/reshaping/zero_padding2d") {
  TEST_CASE("ZeroPadding2D: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::ZeroPadding2D<T>{{{1, 0}, {2, 3}}};
              },
              {2, 3, 2},
              {.output = {3, 8, 2},
               .refusals = {{{3, 2},
                             "ZeroPadding2D: expected samples [height, width, channels], got [3, "
                             "2]"}}}) == "");
    CHECK(form([]<class T>() { return nn::ZeroPadding2D<T>{0}; }, {2, 3, 1},
               {.output = {2, 3, 1}}) == "");
  }

  TEST_CASE("ZeroPadding2D: gives the numbers of a worked example") {
    WorkedExample example(nn::ZeroPadding2D<double>{{{0, 1}, {2, 0}}}, {1, 2, 1}, {1, 2});
    CHECK(example.forward() == "0 0 1 2 0 0 0 0");
    CHECK(example.backward({1, 2, 3, 4, 5, 6, 7, 8}) == "3 4");
  }

  TEST_CASE("ZeroPadding2D: takes Keras' forms of its argument") {
    using P = nn::ZeroPadding2D<float>;
    CHECK(arguments_text(P{}) == R"({"padding":[1,1,1,1]})");
    CHECK(arguments_text(P{{1, 2}}) == R"({"padding":[1,1,2,2]})");
    CHECK(arguments_text(P{{{1, 2}, {3, 4}}}) == R"({"padding":[1,2,3,4]})");
    const auto sides = nn::Arguments{"ZeroPadding2D"}.set("padding", nn::Size2D{1, 2});
    CHECK(arguments_text(P::from_arguments(sides)) == R"({"padding":[1,1,2,2]})");
  }
}
