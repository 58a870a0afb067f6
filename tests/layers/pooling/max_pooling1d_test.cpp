// SPDX-License-Identifier: MIT
#include "nn/layers/pooling/max_pooling1d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::MaxPooling1D;
using nn::Padding;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/pooling/max_pooling1d") {
  TEST_CASE("MaxPooling1D: fills the form") {
    CHECK(form([]<class T>() { return MaxPooling1D<T>{}; }, {7, 3},
               {.output = {3, 3},
                .refusals = {{{4, 4, 1},
                              "MaxPooling1D: expected samples [steps, channels], got [4, 4, 1]; "
                              "use sequences [N, steps, channels]"}}}) == "");
    CHECK(form(
              []<class T>() {
                return MaxPooling1D<T>{3, {.strides = 2, .padding = Padding::same}};
              },
              {6, 2}, {.output = {3, 2}}) == "");
  }

  TEST_CASE("MaxPooling1D: gives the numbers of a worked example") {
    WorkedExample example(MaxPooling1D<double>{2, {.strides = 1}}, {4, 1}, {1, 5, 5, 2});
    CHECK(example.forward() == "5 5 5");
    CHECK(example.backward({1, 2, 4}) == "0 3 4 0");
  }

  TEST_CASE("MaxPooling1D: names its arguments") {
    const MaxPooling1D<float> layer{3, {.padding = Padding::same}};
    CHECK(arguments_text(layer) == R"({"pool_size":3,"strides":3,"padding":"same"})");
    CHECK(arguments_text(MaxPooling1D<double>::from_arguments(layer.arguments())) ==
          arguments_text(layer));
  }
}
