// SPDX-License-Identifier: MIT
#include "nn/schedules/warm_up.hpp"

#include <doctest/doctest.h>

#include "nn/schedules/exponential_decay.hpp"

TEST_SUITE("schedules/warm_up") {
  using nn::ExponentialDecay;
  using nn::WarmUp;

  TEST_CASE("WarmUp: rises to the schedule's first rate, and then follows it") {
    const ExponentialDecay decay{0.5, 10, 0.25};
    const WarmUp rate{decay, 4};
    CHECK(rate(0) == 0);
    CHECK(rate(1) == 0.125);
    CHECK(rate(3) == 0.375);
    CHECK(rate(4) == 0.5);
    CHECK(rate(9) == decay(5));
  }

  TEST_CASE("WarmUp: rises from a rate of one's own to a number") {
    const WarmUp rate{0.5, 2, {.initial_rate = 0.25}};
    CHECK(rate(0) == 0.25);
    CHECK(rate(1) == 0.375);
    CHECK(rate(2) == 0.5);
    CHECK(rate(1000) == 0.5);
  }

  TEST_CASE("WarmUp: refuses what it can't rise by") {
    CHECK_THROWS_WITH_AS(WarmUp(0.1, 0), "WarmUp: expected 1 or more warmup_steps, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(WarmUp(0.1, 5, {.initial_rate = -1}),
                         "WarmUp: expected a finite initial_rate of 0 or more, got -1",
                         std::invalid_argument);
  }
}
