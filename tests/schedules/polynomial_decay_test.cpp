// SPDX-License-Identifier: MIT
#include "nn/schedules/polynomial_decay.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

TEST_SUITE("schedules/polynomial_decay") {
  using nn::PolynomialDecay;

  TEST_CASE("PolynomialDecay: a straight line, and then the end") {
    const PolynomialDecay decay{0.5, 10, {.end_learning_rate = 0.1}};
    CHECK(decay(0) == 0.5);
    CHECK(decay(5) == doctest::Approx(0.3).epsilon(1e-14));
    CHECK(decay(10) == 0.1);
    CHECK(decay(1000) == 0.1);
    const PolynomialDecay square{0.5, 10, {.end_learning_rate = 0.1, .power = 2}};
    CHECK(square(5) == doctest::Approx(0.2).epsilon(1e-14));
  }

  TEST_CASE("PolynomialDecay: cycles towards later multiples") {
    const PolynomialDecay decay{0.5, 10, {.end_learning_rate = 0.1, .cycle = true}};
    CHECK(decay(0) == 0.5);
    CHECK(decay(10) == 0.1);
    CHECK(decay(15) == doctest::Approx(0.2).epsilon(1e-14));  // 3 quarters of 20 are over
    CHECK(decay(20) == 0.1);
  }

  TEST_CASE("PolynomialDecay: refuses numbers that can't be") {
    CHECK_THROWS_WITH_AS(PolynomialDecay(-1, 10),
                         "PolynomialDecay: expected a finite initial_rate of 0 or more, got -1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(PolynomialDecay(0.1, 0),
                         "PolynomialDecay: expected 1 or more decay_steps, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        PolynomialDecay(0.1, 10, {.end_learning_rate = -1}),
        "PolynomialDecay: expected a finite end_learning_rate of 0 or more, got -1",
        std::invalid_argument);
    CHECK_THROWS_WITH_AS(PolynomialDecay(0.1, 10, {.power = 0}),
                         "PolynomialDecay: expected a finite positive power, got 0",
                         std::invalid_argument);
  }
}
