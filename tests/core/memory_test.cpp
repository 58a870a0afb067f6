// SPDX-License-Identifier: MIT
#include "nn/core/memory.hpp"

#include <doctest/doctest.h>

#include <cstdint>

TEST_SUITE("core/memory") {
  TEST_CASE("round_to_cache_line: rounds up to multiples of 64") {
    CHECK(nn::round_to_cache_line(0) == 0);
    CHECK(nn::round_to_cache_line(1) == 64);
    CHECK(nn::round_to_cache_line(64) == 64);
    CHECK(nn::round_to_cache_line(65) == 128);
  }

  TEST_CASE("AlignedVector: starts on a cache line, and on a huge page where it is large") {
    for (const std::size_t size : {1u, 7u, 1000u, 600000u}) {
      CAPTURE(size);
      const nn::AlignedVector<float> values(size, 1.0f);
      const auto address = reinterpret_cast<std::uintptr_t>(values.data());
      const std::size_t step = size * sizeof(float) >= (2u << 20) ? 2u << 20 : 64;
      CHECK(address % step == 0);
      CHECK(values.back() == 1.0f);
    }
  }

  TEST_CASE("AlignedAllocator: refuses more than memory can have") {
    nn::AlignedAllocator<double> allocator;
    CHECK_THROWS_AS(static_cast<void>(allocator.allocate(static_cast<std::size_t>(-1) / 8)),
                    std::bad_array_new_length);
  }
}
