// SPDX-License-Identifier: MIT
#include "nn/layers/pooling/global_average_pooling2d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::GlobalAveragePooling2D;
using nn::Shape;
using nn::testing::form;
using nn::testing::WorkedExample;

std::string average_form(const Shape& sample, const Shape& output, bool keepdims = false) {
  return form([=]<class T>() { return GlobalAveragePooling2D<T>{{.keepdims = keepdims}}; }, sample,
              {.output = output});
}

}  // namespace

TEST_SUITE("layers/pooling/global_average_pooling2d") {
  TEST_CASE("GlobalAveragePooling2D: fills the form") {
    CHECK(form([]<class T>() { return GlobalAveragePooling2D<T>{}; }, {3, 4, 5},
               {.output = {5},
                .refusals = {
                    {{4, 6},
                     "GlobalAveragePooling2D: expected samples [height, width, channels], got [4, "
                     "6]; use images [N, height, width, channels]"},
                    {{0, 6, 2},
                     "GlobalAveragePooling2D: expected images with pixels and channels, got [0, 6, "
                     "2]"}}}) == "");
    CHECK(average_form({1, 1, 1}, {1}) == "");
    CHECK(average_form({7, 9, 40}, {40}) == "");
    CHECK(average_form({3, 2, 4}, {1, 1, 4}, true) == "");
  }

  TEST_CASE("GlobalAveragePooling2D: gives the numbers of a worked example") {
    WorkedExample example(GlobalAveragePooling2D<double>{}, {2, 2, 2}, {1, 10, 2, 20, 3, 30, 6, 0});
    CHECK(example.forward() == "3 15");
    CHECK(example.backward({4, 8}) == "1 2 1 2 1 2 1 2");
  }

  TEST_CASE("GlobalAveragePooling2D: names its arguments in Keras' words") {
    CHECK(nn::testing::arguments_text(GlobalAveragePooling2D<float>{{.keepdims = true}}) ==
          R"({"keepdims":true})");
  }
}
