// SPDX-License-Identifier: MIT
#include "nn/layers/regularization/gaussian_dropout.hpp"

#include <cmath>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::GaussianDropout;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/regularization/gaussian_dropout") {
  TEST_CASE("GaussianDropout: fills the form") {
    CHECK(form([]<class T>() { return GaussianDropout<T>{0.3}; }, {4, 5},
               {.output = {4, 5}, .is_random = true}) == "");
    CHECK(form([]<class T>() { return GaussianDropout<T>{0}; }, {7}, {.output = {7}}) == "");
  }

  TEST_CASE("GaussianDropout: multiplies by numbers of mean 1 and of Dropout's variance") {
    constexpr int count = 40000;
    WorkedExample example(GaussianDropout<double>{0.2}, {count}, std::vector<double>(count, 2.0));
    static_cast<void>(example.forward());
    static_cast<void>(example.backward(std::vector<double>(count, 6.0)));
    double sum = 0, squares = 0;
    for (int i = 0; i < count; ++i) {
      const double factor = example.batch.y.data()[i] / 2;
      sum += factor - 1;
      squares += (factor - 1) * (factor - 1);
      CHECK(example.batch.dx.data()[i] == doctest::Approx(6 * factor));
    }
    // Variance 0.2 / 0.8; four deviations of the two means: 0.5 / 200 and 0.25 sqrt(2) / 200.
    CHECK(std::abs(sum / count) < 0.01);
    CHECK(std::abs(squares / count - 0.25) < 0.0071);
  }

  TEST_CASE("GaussianDropout: refuses rates out of range, and names its argument") {
    CHECK_THROWS_WITH_AS(GaussianDropout<float>{1},
                         "GaussianDropout: expected a rate from 0 to below 1, got 1",
                         std::invalid_argument);
    CHECK(nn::testing::arguments_text(GaussianDropout<float>{0.25}) == R"({"rate":0.25})");
  }
}
