// SPDX-License-Identifier: MIT
#include "nn/layers/regularization/alpha_dropout.hpp"

#include <cmath>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::AlphaDropout;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/regularization/alpha_dropout") {
  TEST_CASE("AlphaDropout: fills the form") {
    CHECK(form([]<class T>() { return AlphaDropout<T>{0.3}; }, {4, 5},
               {.output = {4, 5}, .is_random = true}) == "");
    CHECK(form([]<class T>() { return AlphaDropout<T>{0}; }, {7}, {.output = {7}}) == "");
  }

  TEST_CASE("AlphaDropout: gives what it drops selu's lower limit, then scales and shifts") {
    constexpr double limit = -1.7580993408473766, rate = 0.25;
    const double a = 1 / std::sqrt((1 - rate) * (1 + rate * limit * limit));
    const double b = -a * rate * limit;
    WorkedExample example(AlphaDropout<double>{rate}, {64}, std::vector<double>(64, 1.0));
    static_cast<void>(example.forward());
    static_cast<void>(example.backward(std::vector<double>(64, 3.0)));
    int kept = 0;
    for (int i = 0; i < 64; ++i) {
      CAPTURE(i);
      const bool is_kept = example.batch.dx.data()[i] != 0;
      CHECK(example.batch.y.data()[i] == doctest::Approx(a * (is_kept ? 1 : limit) + b));
      CHECK(example.batch.dx.data()[i] == doctest::Approx(is_kept ? 3 * a : 0));
      kept += is_kept ? 1 : 0;
    }
    CHECK(kept > 0);
    CHECK(kept < 64);
  }

  TEST_CASE("AlphaDropout: keeps mean 0 and variance 1") {
    constexpr int count = 40000;
    std::vector<double> x;
    for (int i = 0; i < count; ++i) x.push_back(i % 2 == 0 ? -1 : 1);
    WorkedExample example(AlphaDropout<double>{0.3}, {count}, x);
    static_cast<void>(example.forward());
    double sum = 0, squares = 0;
    for (int i = 0; i < count; ++i) {
      const double y = example.batch.y.data()[i];
      sum += y;
      squares += y * y;
    }
    CHECK(std::abs(sum / count) < 0.02);  // four deviations
    CHECK(std::abs(squares / count - 1) < 0.03);
  }

  TEST_CASE("AlphaDropout: refuses rates out of range, and names its argument") {
    CHECK_THROWS_WITH_AS(AlphaDropout<float>{1},
                         "AlphaDropout: expected a rate from 0 to below 1, got 1",
                         std::invalid_argument);
    CHECK(nn::testing::arguments_text(AlphaDropout<float>{0.25}) == R"({"rate":0.25})");
  }
}
