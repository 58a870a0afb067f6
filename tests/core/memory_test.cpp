// SPDX-License-Identifier: MIT
#include "nn/core/memory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <set>
#include <utility>
#include <vector>

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
    constexpr nn::Index most = std::numeric_limits<nn::Index>::max();
    CHECK_THROWS_AS(static_cast<void>(nn::round_to_cache_line(most)), std::bad_array_new_length);
    CHECK(nn::padded_bytes<float>(nn::Index{3}, nn::Index{7}) == 128);
    CHECK_THROWS_AS(static_cast<void>(nn::padded_bytes<float>(most / 2)),
                    std::bad_array_new_length);
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
    CHECK_THROWS_AS(nn::AlignedArray<double>(static_cast<std::size_t>(-1) / 4),
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

  TEST_CASE("AlignedMemory: refuses more than memory can have") {
    constexpr auto most = static_cast<std::size_t>(-1);
    for (const std::size_t size : {most, most - nn::AlignedMemory::huge_page, most / 2}) {
      CAPTURE(size);
      CHECK_THROWS_AS(nn::AlignedMemory{size}, std::bad_alloc);
    }
  }

#ifndef NN_SANITIZER  // whose allocators keep places empty on purpose
  TEST_CASE("AlignedMemory: rounds of blocks do not take ever more memory") {
    struct Round {
      std::size_t block, kept;  // bytes of a block, and of what a program keeps of each round
    };
    for (const Round& sizes :
         {Round{29u << 20, 1u << 20}, Round{1u << 20, 100}, Round{30000, 100}}) {
      CAPTURE(sizes.block);
      std::set<const std::byte*> places;
      std::vector<std::unique_ptr<char[]>> kept;
      for (int round = 0; round < 40; ++round) {
        const nn::AlignedMemory one(sizes.block), two(sizes.block / 3);
        places.insert({one.data(), two.data()});
        for (int i = 0; i < 3; ++i) {
          kept.emplace_back(new char[sizes.kept]);
        }
      }
      CHECK(places.size() <= 8);
    }
  }
#endif
}
