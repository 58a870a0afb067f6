// SPDX-License-Identifier: MIT
#include "nn/layers/pooling/global_average_pooling1d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/pooling/global_average_pooling1d") {
  TEST_CASE("GlobalAveragePooling1D: fills the form") {
    CHECK(form([]<class T>() { return nn::GlobalAveragePooling1D<T>{}; }, {3, 5},
               {.output = {5},
                .refusals = {
                    {{4},
                     "GlobalAveragePooling1D: expected samples [steps, channels], got [4]; use "
                     "sequences [N, steps, channels]"},
                    {{0, 2},
                     "GlobalAveragePooling1D: expected sequences with steps and channels, got [0, "
                     "2]"}}}) == "");
    CHECK(form([]<class T>() { return nn::GlobalAveragePooling1D<T>{{.keepdims = true}}; }, {3, 2},
               {.output = {1, 2}}) == "");
  }

  TEST_CASE("GlobalAveragePooling1D: gives the numbers of a worked example") {
    WorkedExample example(nn::GlobalAveragePooling1D<double>{}, {2, 2}, {1, 10, 3, 30});
    CHECK(example.forward() == "2 20");
    CHECK(example.backward({4, 8}) == "2 4 2 4");
  }

  TEST_CASE("GlobalAveragePooling1D: names its argument") {
    CHECK(arguments_text(nn::GlobalAveragePooling1D<float>{{.keepdims = true}}) ==
          R"({"keepdims":true})");
  }
}
