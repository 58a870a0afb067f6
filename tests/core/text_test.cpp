// SPDX-License-Identifier: MIT
#include "nn/core/text.hpp"

#include <doctest/doctest.h>

#include <charconv>
#include <cstdint>
#include <limits>

#include "tests/core/decimal_comma.hpp"

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

  TEST_CASE("find_text: the place of a text, or their number") {
    const char* const texts[] = {"same", "valid"};
    CHECK(nn::find_text(texts, "valid") == 1);
    CHECK(nn::find_text(texts, "val") == 2);
  }

  TEST_CASE("with_digits: writes as many digits as asked for, in every locale") {
    const nn::testing::DecimalComma comma;
#if defined(__GLIBC__)
    CHECK(comma.is_here);
#endif
    CHECK(nn::with_digits(28.926, 2) == "28.93");
    CHECK(nn::with_digits(2.5, 0) == "2");
    CHECK(nn::with_digits(-0.00012345, 4, std::chars_format::scientific) == "-1.2345e-04");
    CHECK(nn::with_digits(0.1, 10, std::chars_format::general) == "0.1");
    CHECK(nn::with_digits(-std::numeric_limits<double>::quiet_NaN(), 1) == "nan");
    CHECK(nn::with_digits(-std::numeric_limits<double>::max(), 80).size() == 1 + 309 + 1 + 80);
    CHECK(nn::concat({0.5, 1234567}) == "0.51234567");
  }
}
