// SPDX-License-Identifier: MIT
#include "nn/layers/regularization/dropout.hpp"

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::Index;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/regularization/dropout") {
  TEST_CASE("Dropout: fills the form") {
    CHECK(form([]<class T>() { return nn::Dropout<T>{0.3}; }, {4, 5},
               {.output = {4, 5}, .is_random = true}) == "");
    CHECK(form([]<class T>() { return nn::Dropout<T>{0}; }, {7}, {.output = {7}}) == "");
  }

  TEST_CASE("Dropout: backward lets through what forward kept, with the same factor") {
    WorkedExample example(nn::Dropout<double>{0.75}, {64}, std::vector<double>(64, 1.0));
    static_cast<void>(example.forward());
    static_cast<void>(example.backward(std::vector<double>(64, 3.0)));
    Index kept = 0;
    for (Index i = 0; i < 64; ++i) {
      CAPTURE(i);
      const double y = example.batch.y.data()[i];
      CHECK((y == 0 || y == 4));
      CHECK(example.batch.dx.data()[i] == 3 * y);
      kept += y != 0 ? 1 : 0;
    }
    CHECK(kept > 0);
    CHECK(kept < 64);
  }

  TEST_CASE("Dropout: drops its share of many elements") {
    constexpr Index count = 40000;
    WorkedExample example(nn::Dropout<double>{0.3}, {count}, std::vector<double>(count, 1.0));
    static_cast<void>(example.forward());
    const double* y = example.batch.y.data();
    const auto dropped = static_cast<double>(std::count(y, y + count, 0.0));
    // 4.4 standard deviations of a binomial distribution: sqrt(40000 0.3 0.7) = 92
    CHECK(std::abs(dropped - 0.3 * count) < 400);
  }

  TEST_CASE("Dropout: a rate of 1 drops everything") {
    WorkedExample example(nn::Dropout<double>{1}, {4}, {1, 2, 3, 4});
    CHECK(example.forward() == "0 0 0 0");
    CHECK(example.backward({1, 2, 3, 4}) == "0 0 0 0");
  }

  TEST_CASE("Dropout: refuses rates that are no probability") {
    CHECK_THROWS_WITH_AS(nn::Dropout<float>{1.5}, "Dropout: expected a rate from 0 to 1, got 1.5",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(nn::Dropout<float>{-0.1}, "Dropout: expected a rate from 0 to 1, got -0.1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(nn::Dropout<float>{std::nan("")},
                         "Dropout: expected a rate from 0 to 1, got nan", std::invalid_argument);
  }

  TEST_CASE("Dropout: names its argument") {
    CHECK(nn::testing::arguments_text(nn::Dropout<float>{0.25}) == R"({"rate":0.25})");
  }
}
