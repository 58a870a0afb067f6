// SPDX-License-Identifier: MIT
#include "nn/schedules/exponential_decay.hpp"

#include <doctest/doctest.h>

#include <cmath>

TEST_SUITE("schedules/exponential_decay") {
  using nn::ExponentialDecay;

  TEST_CASE("ExponentialDecay: shrinks by decay_rate in decay_steps") {
    const ExponentialDecay decay{0.5, 10, 0.25};
    CHECK(decay(0) == 0.5);
    CHECK(decay(5) == doctest::Approx(0.25).epsilon(1e-14));  // sqrt(0.25) of the first
    CHECK(decay(10) == doctest::Approx(0.125).epsilon(1e-14));
    CHECK(decay(25) == doctest::Approx(0.5 / 32).epsilon(1e-14));
  }

  TEST_CASE("ExponentialDecay: shrinks in stairs where asked to") {
    const ExponentialDecay decay{0.5, 10, 0.25, {.staircase = true}};
    CHECK(decay(9) == 0.5);
    CHECK(decay(10) == 0.125);
    CHECK(decay(29) == 0.03125);
  }

  TEST_CASE("ExponentialDecay: refuses numbers that are not positive") {
    CHECK_THROWS_WITH_AS(ExponentialDecay(0, 10, 0.5),
                         "ExponentialDecay: expected a finite positive initial_rate, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(ExponentialDecay(0.1, 0, 0.5),
                         "ExponentialDecay: expected 1 or more decay_steps, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(ExponentialDecay(0.1, 10, -0.5),
                         "ExponentialDecay: expected a finite positive decay_rate, got -0.5",
                         std::invalid_argument);
  }
}
