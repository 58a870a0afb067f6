// SPDX-License-Identifier: MIT
#include "nn/layers/regularization/gaussian_noise.hpp"

#include <cmath>

#include "tests/layers/layer_testing.hpp"

namespace {

using nn::GaussianNoise;
using nn::testing::form;
using nn::testing::WorkedExample;

}  // namespace

TEST_SUITE("layers/regularization/gaussian_noise") {
  TEST_CASE("GaussianNoise: fills the form") {
    CHECK(form([]<class T>() { return GaussianNoise<T>{0.3}; }, {4, 5},
               {.output = {4, 5}, .is_random = true}) == "");
    CHECK(form([]<class T>() { return GaussianNoise<T>{0}; }, {7}, {.output = {7}}) == "");
  }

  TEST_CASE("GaussianNoise: adds numbers of mean 0 and of the deviation that it is told") {
    constexpr int count = 40000;
    WorkedExample example(GaussianNoise<double>{0.5}, {count}, std::vector<double>(count, 3.0));
    static_cast<void>(example.forward());
    double sum = 0, squares = 0;
    for (int i = 0; i < count; ++i) {
      const double noise = example.batch.y.data()[i] - 3;
      sum += noise;
      squares += noise * noise;
    }
    // Four deviations of the two means: 0.5 / sqrt(40000) and 0.25 sqrt(2 / 40000).
    CHECK(std::abs(sum / count) < 0.01);
    CHECK(std::abs(squares / count - 0.25) < 0.0071);
    static_cast<void>(example.backward(std::vector<double>(count, 3.0)));
    CHECK(example.batch.dx.data()[count - 1] == 3);
  }

  TEST_CASE("GaussianNoise: refuses what is no deviation, and names its argument") {
    CHECK_THROWS_WITH_AS(GaussianNoise<float>{-0.5},
                         "GaussianNoise: expected a finite stddev of 0 or more, got -0.5",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(GaussianNoise<float>{std::nan("")},
                         "GaussianNoise: expected a finite stddev of 0 or more, got nan",
                         std::invalid_argument);
    CHECK(nn::testing::arguments_text(GaussianNoise<float>{0.25}) == R"({"stddev":0.25})");
  }
}
