// SPDX-License-Identifier: MIT
#include "nn/layers/reshaping/zero_padding1d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/reshaping/zero_padding1d") {
  TEST_CASE("ZeroPadding1D: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::ZeroPadding1D<T>{{2, 1}};
              },
              {3, 2},
              {.output = {6, 2},
               .refusals = {
                   {{3}, "ZeroPadding1D: expected samples [steps, channels], got [3]"}}}) == "");
  }

  TEST_CASE("ZeroPadding1D: gives the numbers of a worked example") {
    WorkedExample example(nn::ZeroPadding1D<double>{}, {2, 1}, {1, 2});
    CHECK(example.forward() == "0 1 2 0");
    CHECK(example.backward({5, 6, 7, 8}) == "6 7");
  }

  TEST_CASE("ZeroPadding1D: refuses borders below 0") {
    CHECK_THROWS_WITH_AS((nn::ZeroPadding1D<float>{{0, -1}}),
                         "ZeroPadding1D: expected padding from 0 to 1048576, got -1",
                         std::invalid_argument);
  }

  TEST_CASE("ZeroPadding1D: takes Keras' forms of its argument") {
    using P = nn::ZeroPadding1D<float>;
    CHECK(arguments_text(P{{2, 1}}) == R"({"padding":[2,1]})");
    const auto one = nn::Arguments{"ZeroPadding1D"}.set("padding", 3);
    CHECK(arguments_text(P::from_arguments(one)) == R"({"padding":[3,3]})");
    const auto four =
        nn::Arguments{"ZeroPadding1D"}.set("padding", std::vector<nn::Index>{1, 2, 3});
    CHECK_THROWS_WITH_AS(static_cast<void>(P::from_arguments(four)),
                         "ZeroPadding1D, argument 'padding': expected 2 numbers, got 3",
                         std::invalid_argument);
  }
}
