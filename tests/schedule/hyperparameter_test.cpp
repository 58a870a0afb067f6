// SPDX-License-Identifier: MIT
#include "nn/schedule/hyperparameter.hpp"

#include <doctest/doctest.h>

#include <limits>

namespace nn {
namespace {

/// Counts up from a number of its own.
struct Counter {
  double first;
  double operator()(std::int64_t step) const { return first + static_cast<double>(step); }
};

static_assert(Schedule<Counter>);
static_assert(!Schedule<double>);

}  // namespace

TEST_SUITE("schedule/hyperparameter") {
  TEST_CASE("Hyperparameter: a number is the same at each step") {
    const Hyperparameter rate = 0.25f;
    CHECK(rate.is_fixed());
    CHECK(rate.at(0) == 0.25);
    CHECK(rate.at(1'000'000'000'000) == 0.25);
  }

  TEST_CASE("Hyperparameter: a schedule is asked for each step") {
    Hyperparameter rate = Counter{0.5};
    CHECK_FALSE(rate.is_fixed());
    CHECK(rate.at(0) == 0.5);
    CHECK(rate.at(7) == 7.5);
    const Hyperparameter copy = rate;
    rate = [](std::int64_t step) { return step < 3 ? 1.0f : 0.0f; };
    CHECK(rate.at(2) == 1);
    CHECK(rate.at(3) == 0);
    CHECK(copy.at(7) == 7.5);
  }

  TEST_CASE("Hyperparameter: refuses what a schedule must not give") {
    const Hyperparameter falling = Counter{-5};
    CHECK_THROWS_WITH_AS(static_cast<void>(falling.at(4)),
                         "Schedule: expected a finite number of 0 or more, got -1 (step 4)",
                         std::invalid_argument);
    CHECK(falling.at(5) == 0);
    const Hyperparameter endless = Counter{std::numeric_limits<double>::infinity()};
    CHECK_THROWS_WITH_AS(static_cast<void>(endless.at(0)),
                         "Schedule: expected a finite number of 0 or more, got inf (step 0)",
                         std::invalid_argument);
  }
}

}  // namespace nn
