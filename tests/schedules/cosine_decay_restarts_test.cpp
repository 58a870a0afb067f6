// SPDX-License-Identifier: MIT
#include "nn/schedules/cosine_decay_restarts.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <stdexcept>

TEST_SUITE("schedules/cosine_decay_restarts") {
  using nn::CosineDecayRestarts;

  TEST_CASE("CosineDecayRestarts: periods of 10, 20 and 40 steps, each at half of the rate") {
    const CosineDecayRestarts decay{0.5, 10, {.t_mul = 2, .m_mul = 0.5}};
    CHECK(decay(0) == 0.5);
    CHECK(decay(5) == doctest::Approx(0.25).epsilon(1e-14));
    CHECK(decay(10) == 0.25);
    CHECK(decay(20) == doctest::Approx(0.125).epsilon(1e-14));
    CHECK(decay(30) == 0.125);
    CHECK(decay(50) == doctest::Approx(0.0625).epsilon(1e-14));
  }

  TEST_CASE("CosineDecayRestarts: periods of one length, also after very many; alpha") {
    const CosineDecayRestarts decay{0.5, 10, {.t_mul = 1, .alpha = 0.5}};
    CHECK(decay(10) == 0.5);
    CHECK(decay(15) == doctest::Approx(0.375).epsilon(1e-14));
    CHECK(decay(std::int64_t{1} << 40) < 0.5);
  }

  TEST_CASE("CosineDecayRestarts: refuses numbers that can't be") {
    const auto refuses = [](const nn::CosineDecayRestartsOptions& options, const char* sentence) {
      CHECK_THROWS_WITH_AS(CosineDecayRestarts(0.1, 10, options), sentence, std::invalid_argument);
    };
    refuses({.t_mul = 0.5}, "CosineDecayRestarts: expected a finite t_mul of 1 or more, got 0.5");
    refuses({.m_mul = -1}, "CosineDecayRestarts: expected a finite m_mul of 0 or more, got -1");
    refuses({.alpha = 2}, "CosineDecayRestarts: expected an alpha from 0 to 1, got 2");
    CHECK_THROWS_WITH_AS(CosineDecayRestarts(0.1, 0),
                         "CosineDecayRestarts: expected 1 or more first_decay_steps, got 0",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        CosineDecayRestarts(-0.1, 10),
        "CosineDecayRestarts: expected a finite initial_rate of 0 or more, got -0.1",
        std::invalid_argument);
  }
}
