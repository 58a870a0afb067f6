// SPDX-License-Identifier: MIT
#include "nn/core/text.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

TEST_SUITE("core/text") {
  TEST_CASE("Text: puts pieces one after the other") {
    const std::string name = "Dense";
    CHECK(nn::concat({name, '(', 784, " -> ", std::uint8_t{10}, {", ", "x"}, ")"}) ==
          "Dense(784 -> 10, x)");
    CHECK(nn::concat({}) == "");
  }

  TEST_CASE("Text: writes whole numbers in full") {
    CHECK(nn::concat(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(nn::concat(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  }

  TEST_CASE("Text: writes the shortest decimal that reads back") {
    CHECK(nn::concat(0.0) == "0");
    CHECK(nn::concat(2.0) == "2");
    CHECK(nn::concat(-0.5) == "-0.5");
    CHECK(nn::concat(0.1) == "0.1");
    CHECK(nn::concat(-1e-9) == "-1e-09");
    CHECK(nn::concat(-std::numeric_limits<double>::min()) == "-2.2250738585072014e-308");
    CHECK(nn::concat(std::numeric_limits<double>::infinity()) == "inf");
    CHECK(nn::concat(-std::numeric_limits<double>::quiet_NaN()) == "nan");
  }
}
