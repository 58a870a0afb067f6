// SPDX-License-Identifier: MIT
#include "nn/schedules/cosine_decay.hpp"

#include <doctest/doctest.h>

#include <string>

namespace nn {
namespace {

/// Rounding of a few operations on doubles; 1 keeps it absolute where the rate is 0.
doctest::Approx about(double value) { return doctest::Approx(value).epsilon(1e-14).scale(1); }

/// The sentence that refuses these arguments, or "" if they are taken.
std::string refusal(double initial_rate, std::int64_t decay_steps,
                    const CosineDecayOptions& options = {}) {
  try {
    CosineDecay(initial_rate, decay_steps, options);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_SUITE("schedules/cosine_decay") {
  TEST_CASE("CosineDecay: falls along half a cosine and stays down") {
    const CosineDecay decay{0.5, 12};
    CHECK(decay(0) == 0.5);
    CHECK(decay(4) == about(0.375));  // cos(pi / 3) = 1 / 2
    CHECK(decay(6) == about(0.25));
    CHECK(decay(12) == about(0));
    CHECK(decay(100) == about(0));
  }

  TEST_CASE("CosineDecay: ends at alpha times the highest rate") {
    const CosineDecay decay{0.5, 12, {.alpha = 0.5}};
    CHECK(decay(6) == about(0.375));
    CHECK(decay(50) == about(0.25));
  }

  TEST_CASE("CosineDecay: warms up in a straight line before it falls") {
    const CosineDecay decay{0.125, 12, {.warmup_target = 0.625, .warmup_steps = 4}};
    CHECK(decay(0) == about(0.125));
    CHECK(decay(1) == about(0.25));
    CHECK(decay(3) == about(0.5));
    CHECK(decay(4) == about(0.625));
    CHECK(decay(10) == about(0.3125));
    CHECK(decay(16) == about(0));
  }

  TEST_CASE("CosineDecay: refuses arguments out of range") {
    CHECK(refusal(0, 10, {.warmup_target = 0.1, .warmup_steps = 5}) == "");
    CHECK(refusal(-1, 10) == "CosineDecay: expected a finite initial_rate of 0 or more, got -1");
    CHECK(refusal(0.1, 0) == "CosineDecay: expected 1 or more decay_steps, got 0");
    CHECK(refusal(0.1, 10, {.alpha = 2}) == "CosineDecay: expected an alpha from 0 to 1, got 2");
    CHECK(refusal(0.1, 10, {.warmup_target = -1.0}) ==
          "CosineDecay: expected a finite warmup_target of 0 or more, got -1");
    CHECK(refusal(0.1, 10, {.warmup_target = 0.1, .warmup_steps = -1}) ==
          "CosineDecay: expected 0 or more warmup_steps, got -1");
    CHECK(refusal(0.1, 10, {.warmup_steps = 5}) ==
          "CosineDecay: expected a warmup_target for the warmup_steps, got none");
  }
}

}  // namespace nn
