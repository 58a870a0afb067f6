// SPDX-License-Identifier: MIT
#include "nn/layers/reshaping/cropping2d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/reshaping/cropping2d") {
  TEST_CASE("Cropping2D: fills the form") {
    CHECK(form(
              []<class T>() {
                return nn::Cropping2D<T>{{{1, 2}, {0, 1}}};
              },
              {5, 4, 2},
              {.output = {2, 3, 2},
               .refusals = {{{4, 1, 2},
                             "Cropping2D: expected more than 1 to crop from, got 1 (samples [4, 1, "
                             "2])"}}}) == "");
  }

  TEST_CASE("Cropping2D: gives the numbers of a worked example") {
    WorkedExample example(nn::Cropping2D<double>{{{1, 0}, {1, 0}}}, {2, 3, 1}, {1, 2, 3, 4, 5, 6});
    CHECK(example.forward() == "5 6");
    CHECK(example.backward({7, 8}) == "0 0 0 0 7 8");
  }

  TEST_CASE("Cropping2D: names its argument") {
    CHECK(arguments_text(nn::Cropping2D<float>{{{1, 2}, {3, 4}}}) == R"({"cropping":[1,2,3,4]})");
  }
}
