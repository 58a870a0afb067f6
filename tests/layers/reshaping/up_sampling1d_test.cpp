// SPDX-License-Identifier: MIT
#include "nn/layers/reshaping/up_sampling1d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/reshaping/up_sampling1d") {
  TEST_CASE("UpSampling1D: fills the form") {
    CHECK(form([]<class T>() { return nn::UpSampling1D<T>{3}; }, {2, 2},
               {.output = {6, 2},
                .refusals = {
                    {{3}, "UpSampling1D: expected samples [steps, channels], got [3]"}}}) == "");
  }

  TEST_CASE("UpSampling1D: gives the numbers of a worked example") {
    WorkedExample example(nn::UpSampling1D<double>{}, {2, 1}, {1, 2});
    CHECK(example.forward() == "1 1 2 2");
    CHECK(example.backward({1, 2, 3, 4}) == "3 7");
  }

  TEST_CASE("UpSampling1D: names its argument") {
    CHECK(arguments_text(nn::UpSampling1D<float>{3}) == R"({"size":3})");
  }
}
