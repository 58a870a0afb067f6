// SPDX-License-Identifier: MIT
#include "nn/core/ceil_div.hpp"

#include <doctest/doctest.h>

TEST_SUITE("core/ceil_div") {
  TEST_CASE("ceil_div, round_up: none, whole parts, and one that is not full") {
    CHECK(nn::ceil_div(0, 4) == 0);
    CHECK(nn::ceil_div(8, 4) == 2);
    CHECK(nn::ceil_div(9, 4) == 3);
    CHECK(nn::round_up(0, 4) == 0);
    CHECK(nn::round_up(8, 4) == 8);
    CHECK(nn::round_up(9, 4) == 12);
  }
}
