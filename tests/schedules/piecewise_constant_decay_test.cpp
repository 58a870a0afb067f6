// SPDX-License-Identifier: MIT
#include "nn/schedules/piecewise_constant_decay.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

TEST_SUITE("schedules/piecewise_constant_decay") {
  using nn::PiecewiseConstantDecay;

  TEST_CASE("PiecewiseConstantDecay: each rate up to its boundary") {
    const PiecewiseConstantDecay decay{{10, 20}, {0.5, 0.25, 0.125}};
    CHECK(decay(0) == 0.5);
    CHECK(decay(10) == 0.5);
    CHECK(decay(11) == 0.25);
    CHECK(decay(20) == 0.25);
    CHECK(decay(21) == 0.125);
    CHECK(PiecewiseConstantDecay{{}, {0.5}}(7) == 0.5);
  }

  TEST_CASE("PiecewiseConstantDecay: refuses lists that do not fit") {
    CHECK_THROWS_WITH_AS(PiecewiseConstantDecay({10}, {0.5}),
                         "PiecewiseConstantDecay: expected one value more than boundaries, got 1 "
                         "values, 1 boundaries",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(PiecewiseConstantDecay({10, 10}, {3, 2, 1}),
                         "PiecewiseConstantDecay: expected boundaries that rise, got 10 after 10",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(PiecewiseConstantDecay({10}, {0.5, -1}),
                         "PiecewiseConstantDecay: expected finite values of 0 or more, got -1",
                         std::invalid_argument);
  }
}
