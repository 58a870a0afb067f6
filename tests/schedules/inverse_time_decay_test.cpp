// SPDX-License-Identifier: MIT
#include "nn/schedules/inverse_time_decay.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

TEST_SUITE("schedules/inverse_time_decay") {
  using nn::InverseTimeDecay;

  TEST_CASE("InverseTimeDecay: half of the rate after decay_steps, a third after twice as many") {
    const InverseTimeDecay decay{0.5, 10, 1};
    CHECK(decay(0) == 0.5);
    CHECK(decay(10) == 0.25);
    CHECK(decay(15) == doctest::Approx(0.2).epsilon(1e-14));
    const InverseTimeDecay stairs{0.5, 10, 1, {.staircase = true}};
    CHECK(stairs(9) == 0.5);
    CHECK(stairs(19) == 0.25);
  }

  TEST_CASE("InverseTimeDecay: refuses numbers that can't be") {
    CHECK_THROWS_WITH_AS(InverseTimeDecay(0, 10, 0.5),
                         "InverseTimeDecay: expected a finite positive initial_rate, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(InverseTimeDecay(0.1, 0, 0.5),
                         "InverseTimeDecay: expected 1 or more decay_steps, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(InverseTimeDecay(0.1, 10, -0.5),
                         "InverseTimeDecay: expected a finite decay_rate of 0 or more, got -0.5",
                         std::invalid_argument);
  }
}
