// SPDX-License-Identifier: MIT
#include "nn/layers/preprocessing/category_encoding.hpp"

#include <string>
#include <vector>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::OutputMode;
using nn::testing::arguments_text;
using nn::testing::form;
using nn::testing::WorkedExample;

/// Numbers of all categories.
constexpr nn::testing::InputRange inside{0.1, 3.9};

}  // namespace

TEST_SUITE("layers/preprocessing/category_encoding") {
  TEST_CASE("CategoryEncoding: fills the form") {
    CHECK(form([]<class T>() { return nn::CategoryEncoding<T>{4}; }, {3},
               {.output = {4},
                .refusals = {{{},
                              "CategoryEncoding: expected samples with an axis of categories, got "
                              "[]"}},
                .input = inside}) == "");
    CHECK(form(
              []<class T>() {
                return nn::CategoryEncoding<T>{4, OutputMode::count};
              },
              {2, 3}, {.output = {2, 4}, .input = inside}) == "");
    CHECK(form(
              []<class T>() {
                return nn::CategoryEncoding<T>{4, OutputMode::one_hot};
              },
              {2, 3}, {.output = {2, 3, 4}, .input = inside}) == "");
    CHECK(form(
              []<class T>() {
                return nn::CategoryEncoding<T>{4, OutputMode::one_hot};
              },
              {1}, {.output = {4}, .input = inside}) == "");
  }

  TEST_CASE("CategoryEncoding: one row for each category, or for all of a sample") {
    const auto encoded = [](OutputMode mode, const nn::Shape& sample,
                            const std::vector<double>& x) {
      WorkedExample example(nn::CategoryEncoding<double>{4, mode}, sample, x);
      return example.forward();
    };
    CHECK(encoded(OutputMode::one_hot, {1}, {3, 2, 0}) == "0 0 0 1 0 0 1 0 1 0 0 0");
    CHECK(encoded(OutputMode::one_hot, {2}, {3, 0}) == "0 0 0 1 1 0 0 0");
    CHECK(encoded(OutputMode::multi_hot, {2}, {0, 1, 0, 0, 3, 1}) == "1 1 0 0 1 0 0 0 0 1 0 1");
    CHECK(encoded(OutputMode::count, {2}, {0, 1, 0, 0, 3, 1}) == "1 1 0 0 2 0 0 0 0 1 0 1");
  }

  TEST_CASE("CategoryEncoding: what is no category leaves zeros") {
    WorkedExample example(nn::CategoryEncoding<double>{3, OutputMode::count}, {4},
                          {-0.5, 3, 2.9, 1e30});
    CHECK(example.forward() == "0 0 1");
    CHECK(example.backward({1, 2, 3}) == "0 0 0 0");
    CHECK_THROWS_WITH_AS(nn::CategoryEncoding<float>{0},
                         "CategoryEncoding: expected a positive number of tokens, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        (nn::CategoryEncoding<float>{1, OutputMode::integer}),
        "CategoryEncoding: expected an output_mode of one_hot, multi_hot or count, got int",
        std::invalid_argument);
  }

  TEST_CASE("CategoryEncoding: names its arguments in Keras' words") {
    const nn::CategoryEncoding<float> layer{7, OutputMode::count};
    CHECK(arguments_text(layer) == R"({"num_tokens":7,"output_mode":"count"})");
    CHECK(arguments_text(nn::CategoryEncoding<double>::from_arguments(layer.arguments())) ==
          R"({"num_tokens":7,"output_mode":"count"})");
  }
}
