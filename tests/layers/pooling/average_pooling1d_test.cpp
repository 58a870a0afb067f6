// SPDX-License-Identifier: MIT
#include "nn/layers/pooling/average_pooling1d.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::AveragePooling1D;
using nn::Padding;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/pooling/average_pooling1d") {
  TEST_CASE("AveragePooling1D: fills the form") {
    CHECK(form([]<class T>() { return AveragePooling1D<T>{2}; }, {7, 3},
               {.output = {3, 3},
                .refusals = {{{4},
                              "AveragePooling1D: expected samples [steps, channels], got [4]; use "
                              "sequences [N, steps, channels]"},
                             {{1, 3},
                              "AveragePooling1D: expected a sequence of at least 2 steps, got [1, "
                              "3] (padding valid); use smaller windows or longer sequences"}}}) ==
          "");
    CHECK(form(
              []<class T>() {
                return AveragePooling1D<T>{3, {.strides = 2, .padding = Padding::same}};
              },
              {6, 2}, {.output = {3, 2}}) == "");
  }

  TEST_CASE("AveragePooling1D: gives the numbers of a worked example") {
    WorkedExample example(AveragePooling1D<double>{3, {.strides = 2, .padding = Padding::same}},
                          {4, 1}, {1, 2, 6, 8});
    CHECK(example.forward() == "3 7");
    CHECK(example.backward({3, 4}) == "1 1 3 2");
  }

  TEST_CASE("AveragePooling1D: refuses sizes out of range, and names its arguments") {
    CHECK_THROWS_WITH_AS(AveragePooling1D<float>{0},
                         "AveragePooling1D: expected a pool_size of 1 or more, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((AveragePooling1D<float>{1, {.strides = 1 << 21}}),
                         "AveragePooling1D: expected strides of at most 1048576, got 2097152",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS((AveragePooling1D<float>{2, {.padding = Padding::causal}}),
                         "AveragePooling1D: expected padding valid or same, got causal",
                         std::invalid_argument);
    const AveragePooling1D<float> layer{3, {.strides = 1}};
    CHECK(arguments_text(layer) == R"({"pool_size":3,"strides":1,"padding":"valid"})");
    const auto lists = nn::Arguments{"AveragePooling1D"}
                           .set("pool_size", std::vector<nn::Index>{3})
                           .set("strides", std::vector<nn::Index>{1})
                           .set("padding", "valid");
    CHECK(arguments_text(AveragePooling1D<double>::from_arguments(lists)) == arguments_text(layer));
    const auto two = nn::Arguments{"AveragePooling1D"}
                         .set("pool_size", std::vector<nn::Index>{3, 2})
                         .set("padding", "valid");
    CHECK_THROWS_WITH_AS(static_cast<void>(AveragePooling1D<float>::from_arguments(two)),
                         "AveragePooling1D, argument 'pool_size': expected one number, got 2",
                         std::invalid_argument);
  }
}
