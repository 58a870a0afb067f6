// SPDX-License-Identifier: MIT
#include "nn/layers/reshaping/cropping1d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/reshaping/cropping1d") {
  TEST_CASE("Cropping1D: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::Cropping1D<T>{{2, 1}};
              },
              {5, 2},
              {.output = {2, 2},
               .refusals = {{{3, 2},
                             "Cropping1D: expected more than 3 to crop from, got 3 (samples [3, "
                             "2])"}}}) == "");
  }

  TEST_CASE("Cropping1D: gives the numbers of a worked example") {
    WorkedExample example(nn::Cropping1D<double>{}, {4, 1}, {1, 2, 3, 4});
    CHECK(example.forward() == "2 3");
    CHECK(example.backward({5, 6}) == "0 5 6 0");
  }

  TEST_CASE("Cropping1D: names its argument") {
    CHECK(arguments_text(nn::Cropping1D<float>{{2, 1}}) == R"({"cropping":[2,1]})");
  }
}
