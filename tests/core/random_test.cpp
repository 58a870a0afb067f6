// SPDX-License-Identifier: MIT
#include "nn/core/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

using nn::Random;
using nn::RandomPurpose;

TEST_SUITE("core/random") {
  TEST_CASE("Random: is Philox4x32-10") {
    // Known answers of the authors' Random123: counter and key all 0, and all bits set. The
    // stream's words are the upper half of the counter, the seed is the key.
    const Random zero{0, {RandomPurpose{0}, 0, 0}};
    CHECK(zero.block(0) == Random::Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
    const Random ones{~std::uint64_t{0}, {RandomPurpose{0xffff}, 0xffff, 0xffffffff}};
    CHECK(ones.block(~std::uint64_t{0}) ==
          Random::Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
    CHECK(zero.uniform(0) == static_cast<double>(0x6627e8d5e169c58dull >> 11) * 0x1p-53);
    CHECK(zero.uniform(1) == static_cast<double>(0xbc57ac4c9b00dbd8ull >> 11) * 0x1p-53);
  }

  TEST_CASE("Random: seed, purpose, user, time and index each change the numbers") {
    const Random base{1, {RandomPurpose::user, 1, 1}};
    const auto first = base.block(0);
    CHECK(base.block(0) == first);
    CHECK(base.block(1) != first);
    CHECK(Random(2, {RandomPurpose::user, 1, 1}).block(0) != first);
    CHECK(Random(1, {RandomPurpose::dropout, 1, 1}).block(0) != first);
    CHECK(Random(1, {RandomPurpose::user, 2, 1}).block(0) != first);
    CHECK(Random(1, {RandomPurpose::user, 1, 2}).block(0) != first);
    CHECK(Random((std::uint64_t{1} << 32) + 1, {RandomPurpose::user, 1, 1}).block(0) != first);
  }

  TEST_CASE("regression: users and times beyond a block's counter have numbers of their own") {
    const auto first = [](std::uint64_t seed, std::uint64_t user, std::uint64_t time) {
      return Random(seed, {RandomPurpose::initializer, user, time}).block(0);
    };
    constexpr std::uint64_t many = std::uint64_t{1} << 16, more = std::uint64_t{1} << 32;
    std::vector<Random::Block> blocks;
    for (const std::uint64_t user : {std::uint64_t{0}, std::uint64_t{1}, many, many + 1, 2 * many,
                                     more, more + many, more * many}) {
      for (const std::uint64_t time :
           {std::uint64_t{0}, std::uint64_t{1}, more, more + 1, 2 * more}) {
        for (const std::uint64_t seed : {1u, 2u}) blocks.push_back(first(seed, user, time));
      }
    }
    std::sort(blocks.begin(), blocks.end());
    CHECK(std::adjacent_find(blocks.begin(), blocks.end()) == blocks.end());
    // Philox of seed 1 gives the other key, from user 65536 on.
    const auto key = Random(1, {RandomPurpose{0}}).block(1);
    CHECK(first(1, many, 0) == first(std::uint64_t{key[1]} << 32 | key[0], 0, 0));
  }

  TEST_CASE("Random: uniform numbers fill [0, 1) evenly") {
    const Random random{5, {RandomPurpose::user}};
    constexpr std::uint64_t count = 20000;
    double sum = 0, sum_of_squares = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const double value = random.uniform(i);
      REQUIRE(value >= 0);
      REQUIRE(value < 1);
      sum += value;
      sum_of_squares += value * value;
    }
    // Five standard deviations: sqrt(1 / 12 / count), sqrt(4 / 45 / count)
    CHECK(std::abs(sum / count - 0.5) < 0.0103);
    CHECK(std::abs(sum_of_squares / count - 1.0 / 3) < 0.0106);
  }

  TEST_CASE("Random: truncated normal numbers stay within two deviations") {
    const Random random{5, {RandomPurpose::user}};
    constexpr std::uint64_t count = 20000;
    double sum = 0, sum_of_squares = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const double value = random.truncated_normal(i);
      REQUIRE(std::abs(value) <= 2);
      sum += value;
      sum_of_squares += value * value;
    }
    CHECK(std::abs(sum / count) < 0.032);
    // 0.87962566...^2 = 0.77374: the variance that HeNormal divides by
    CHECK(std::abs(sum_of_squares / count - 0.77374) < 0.032);
  }

  TEST_CASE("Random: normal numbers have mean 0, deviation 1 and tails") {
    const Random random{6, {RandomPurpose::user}};
    constexpr std::uint64_t count = 20000;
    double sum = 0, sum_of_squares = 0;
    int beyond_two = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const double value = random.normal(i);
      sum += value;
      sum_of_squares += value * value;
      beyond_two += std::abs(value) > 2 ? 1 : 0;
    }
    // Five standard deviations: sqrt(1 / count), sqrt(2 / count), sqrt(0.0455 count)
    CHECK(std::abs(sum / count) < 0.0354);
    CHECK(std::abs(sum_of_squares / count - 1) < 0.05);
    CHECK(std::abs(beyond_two - 910) < 148);  // 4.55 %
  }

  TEST_CASE("Random: a permutation has every number once") {
    const Random random{9, {RandomPurpose::shuffle}};
    std::vector<nn::Index> order = random.permutation(1000);
    CHECK_FALSE(std::is_sorted(order.begin(), order.end()));
    CHECK(order == random.permutation(1000));
    std::sort(order.begin(), order.end());
    for (nn::Index i = 0; i < 1000; ++i) REQUIRE(order[static_cast<std::size_t>(i)] == i);
    CHECK(random.permutation(0).empty());
    CHECK(random.permutation(1) == std::vector<nn::Index>{0});
    int in_place = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
      in_place += Random{seed, {RandomPurpose::shuffle}}.permutation(2)[0] == 0;
    }
    CHECK(std::abs(in_place - 500) < 80);
  }
}
