// SPDX-License-Identifier: MIT
#include "nn/core/checked.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>

namespace {

constexpr nn::Index most_index = std::numeric_limits<nn::Index>::max();
constexpr nn::Index most = nn::detail::most_bytes;
constexpr nn::Index large = nn::Index{1} << 32;

}  // namespace

TEST_SUITE("core/checked") {
  TEST_CASE("checked_product: refuses what an Index can't hold") {
    CHECK(nn::checked_product({}) == 1);
    CHECK(nn::checked_product({3, 0, most}) == 0);
    CHECK(nn::checked_product({2, 3, most / 6}) == most / 6 * 6);
    CHECK_THROWS_AS(static_cast<void>(nn::checked_product({large, large})),
                    std::bad_array_new_length);  // 2^64 is 0 in 64 bits
    CHECK_THROWS_AS(static_cast<void>(nn::checked_product({most, 2})), std::bad_array_new_length);
    CHECK_THROWS_AS(static_cast<void>(nn::checked_product({-1, -1})), std::bad_array_new_length);
  }

  TEST_CASE("checked_sum: refuses what an Index can't hold") {
    CHECK(nn::checked_sum({}) == 0);
    CHECK(nn::checked_sum({most - 3, 1, 2}) == most);
    CHECK_THROWS_AS(static_cast<void>(nn::checked_sum({most, 1})), std::bad_array_new_length);
    CHECK_THROWS_AS(static_cast<void>(nn::checked_sum({5, -1})), std::bad_array_new_length);
  }

  TEST_CASE("checked_size: refuses what no memory can have") {
    CHECK(nn::checked_size(0) == 0);
    CHECK(nn::checked_size(7) == 7);
    CHECK_THROWS_AS(static_cast<void>(nn::checked_size(std::uint64_t{1} << 63)),
                    std::bad_array_new_length);
    if (sizeof(std::size_t) < sizeof(nn::Index)) {  // WebAssembly
      CHECK_THROWS_AS(static_cast<void>(nn::checked_size(std::uint64_t{1} << 32)),
                      std::bad_array_new_length);
    }
  }

  TEST_CASE("saturated_product: ends at the largest Index") {
    CHECK(nn::saturated_product({2, 3, 7}) == 42);
    CHECK(nn::saturated_product({large, large}) == most_index);
    CHECK(nn::saturated_product({large, large, 0}) == 0);
  }
}
