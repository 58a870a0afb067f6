// SPDX-License-Identifier: MIT
#include "nn/schedules/one_cycle.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <string>

namespace nn {
namespace {

/// Rounding of a few operations on doubles.
doctest::Approx about(double value) { return doctest::Approx(value).epsilon(1e-12); }

/// The sentence that refuses these arguments, or "" if they are taken.
std::string refusal(double max_rate, std::int64_t total_steps,
                    const OneCycleOptions& options = {}) {
  try {
    OneCycle(max_rate, total_steps, options);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_SUITE("schedules/one_cycle") {
  TEST_CASE("OneCycle: rises and falls along half cosines") {
    // Highest at step 0.3 * 10 - 1 = 2, last at step 9: half the rise is done at 1, half the fall
    // at 5.5, a seventh of it at 3.
    const OneCycle cycle{0.5, 10};
    CHECK(cycle(0) == about(0.02));
    CHECK(cycle(1) == about((0.02 + 0.5) / 2));
    CHECK(cycle(2) == about(0.5));
    CHECK(cycle(3) == about(2e-6 + (0.5 - 2e-6) * (1 + std::cos(std::numbers::pi / 7)) / 2));
    CHECK(cycle(5) + cycle(6) == about(0.5 + 2e-6));
    CHECK(cycle(9) == about(2e-6));
  }

  TEST_CASE("OneCycle: gives the numbers of PyTorch's OneCycleLR") {
    // torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, total_steps=235), PyTorch 2.15
    const OneCycle cycle{0.01, 235};
    CHECK(cycle(1) == about(0.0004049030624798597));
    CHECK(cycle(35) == about(0.005254242171870302));
    CHECK(cycle(69) == about(0.009998774077829497));
    CHECK(cycle(70) == about(0.009999772048255069));
    CHECK(cycle(150) == about(0.005167094216738833));
    CHECK(cycle(233) == about(9.517861948397653e-07));
  }

  TEST_CASE("OneCycle: keeps the last rate after the cycle") {
    const OneCycle cycle{0.5, 10};
    CHECK(cycle(10) == cycle(9));
    CHECK(cycle(std::numeric_limits<std::int64_t>::max()) == cycle(9));
  }

  TEST_CASE("OneCycle: takes shares of the rise at both ends, and cycles of one step") {
    const OneCycleOptions at_once{.pct_start = 0}, to_the_end{.pct_start = 1},
        soon{.pct_start = 0.1};
    CHECK(OneCycle{1, 10, at_once}(9) == about(4e-6));
    CHECK(OneCycle{1, 10, soon}(0) == about(1));
    CHECK(OneCycle{1, 10, to_the_end}(0) == about(0.04));
    CHECK(OneCycle{1, 10, to_the_end}(9) == about(1));
    CHECK(OneCycle{1, 1}(0) == about(4e-6));
    CHECK(OneCycle{1, 1, to_the_end}(0) == about(1));
  }

  TEST_CASE("OneCycle: momentum goes the other way") {
    const Hyperparameter momentum = OneCycle{0.5, 10}.momentum();
    CHECK(momentum.at(0) == about(0.95));
    CHECK(momentum.at(1) == about(0.9));
    CHECK(momentum.at(2) == about(0.85));
    CHECK(momentum.at(5) + momentum.at(6) == about(0.85 + 0.95));
    CHECK(momentum.at(9) == about(0.95));
    const OneCycle narrow{0.5, 10, {.base_momentum = 0.5, .max_momentum = 0.75}};
    CHECK(narrow.momentum().at(1) == about(0.625));
  }

  TEST_CASE("OneCycle: refuses arguments out of range") {
    CHECK(refusal(0.1, 10) == "");
    CHECK(refusal(0, 10) == "OneCycle: expected a finite positive max_rate, got 0");
    CHECK(refusal(std::numeric_limits<double>::infinity(), 10) ==
          "OneCycle: expected a finite positive max_rate, got inf");
    CHECK(refusal(0.1, 0) == "OneCycle: expected 1 or more total_steps, got 0");
    CHECK(refusal(0.1, 10, {.pct_start = 1.5}) ==
          "OneCycle: expected a pct_start from 0 to 1, got 1.5");
    CHECK(refusal(0.1, 10, {.div_factor = 0}) ==
          "OneCycle: expected a finite positive div_factor, got 0");
    CHECK(refusal(0.1, 10, {.final_div_factor = -1}) ==
          "OneCycle: expected a finite positive final_div_factor, got -1");
    CHECK(refusal(0.1, 10, {.base_momentum = 0.96}) ==
          "OneCycle: expected a base_momentum from 0 to max_momentum, got 0.96");
    CHECK(refusal(0.1, 10, {.max_momentum = 1}) ==
          "OneCycle: expected a max_momentum below 1, got 1");
  }
}

}  // namespace nn
