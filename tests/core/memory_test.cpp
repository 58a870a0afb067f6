// SPDX-License-Identifier: MIT
#include "nn/core/memory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace {

bool is_aligned(const void* address, std::size_t bytes) {
  return reinterpret_cast<std::uintptr_t>(address) % bytes == 0;
}

}  // namespace

TEST_SUITE("core/memory") {
  TEST_CASE("round_to_cache_line: rounds up to multiples of 64") {
    CHECK(nn::round_to_cache_line(0) == 0);
    CHECK(nn::round_to_cache_line(1) == 64);
    CHECK(nn::round_to_cache_line(64) == 64);
    CHECK(nn::round_to_cache_line(65) == 128);
  }

  TEST_CASE("AlignedArray: starts on a cache line, on a huge page where it is large, as zeros") {
    for (const std::size_t size : {1u, 7u, 1000u, 600000u}) {
      CAPTURE(size);
      const nn::AlignedArray<float> values(size);
      CHECK(is_aligned(values.data(), size * sizeof(float) >= (2u << 20) ? 2u << 20 : 64));
      CHECK(values.size() == size);
      CHECK(std::count(values.begin(), values.end(), 0.0f) == static_cast<std::ptrdiff_t>(size));
    }
    CHECK(nn::AlignedArray<float>{}.empty());
    CHECK(nn::AlignedArray<float>(0).size() == 0);
  }

  TEST_CASE("AlignedArray: a copy is its own, a moved one is empty") {
    nn::AlignedArray<int> first(3);
    first[1] = 5;
    nn::AlignedArray<int> copy = first;
    first[1] = 6;
    CHECK(copy[1] == 5);
    copy = first;
    CHECK(copy[1] == 6);
    const nn::AlignedArray<int> moved = std::move(first);
    CHECK(moved[1] == 6);
    CHECK(first.empty());  // NOLINT(bugprone-use-after-move): says so
    copy = {};
    CHECK(copy.empty());
  }

  TEST_CASE("AlignedArray: refuses more than memory can have") {
    CHECK_THROWS_AS(nn::AlignedArray<double>(static_cast<std::size_t>(-1) / 8),
                    std::bad_array_new_length);
  }

  TEST_CASE("AlignedMemory: reserve grows and keeps what is large enough") {
    nn::AlignedMemory memory;
    CHECK(memory.reserve(0) == nullptr);
    std::byte* const bytes = memory.reserve(100);
    CHECK(is_aligned(bytes, 64));
    CHECK(memory.size() == 100);
    CHECK(memory.reserve(40) == bytes);
    CHECK(memory.size() == 100);
    static_cast<void>(memory.reserve(200));
    CHECK(memory.size() == 200);
  }
}
