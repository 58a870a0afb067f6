// SPDX-License-Identifier: MIT
#include "nn/layers/reshaping/flatten.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/reshaping/flatten") {
  TEST_CASE("Flatten: fills the form") {
    CHECK(form([]<class T>() { return nn::Flatten<T>{}; }, {3, 2, 4}, {.output = {24}}) == "");
    CHECK(form([]<class T>() { return nn::Flatten<T>{}; }, {5}, {.output = {5}}) == "");
  }

  TEST_CASE("Flatten: makes one axis of all, in row-major order") {
    WorkedExample example(nn::Flatten<double>{}, {2, 3}, {1, 2, 3, 4, 5, 6});
    CHECK(example.batch.y_shape == nn::Shape{1, 6});
    CHECK(example.forward() == "1 2 3 4 5 6");
    CHECK(example.backward({6, 5, 4, 3, 2, 1}) == "6 5 4 3 2 1");
  }

  TEST_CASE("Flatten: makes an axis of length 1 from samples without axes, as Keras does") {
    CHECK(nn::Flatten<float>{}.output_shape({}) == nn::Shape{1});
  }
}
