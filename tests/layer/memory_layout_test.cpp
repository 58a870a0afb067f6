// SPDX-License-Identifier: MIT
#include "nn/layer/memory_layout.hpp"

#include <doctest/doctest.h>

#include "nn/core/random.hpp"

namespace {

using nn::Index;
using nn::LayoutCache;
using nn::MemoryBlock;
using nn::MemoryLayout;

bool overlap(Index a, Index a_end, Index b, Index b_end) { return a < b_end && b < a_end; }

/// Whether two blocks share a byte at the same moment.
bool collide(const MemoryBlock& a, const MemoryBlock& b) {
  return overlap(a.first, a.last + 1, b.first, b.last + 1) &&
         overlap(a.offset, a.offset + a.num_bytes, b.offset, b.offset + b.num_bytes);
}

}  // namespace

TEST_SUITE("layer/memory_layout") {
  TEST_CASE("place_blocks: no two blocks share a byte at the same moment") {
    const nn::Random random{3, {nn::RandomPurpose::user, 0, 0}};
    std::uint64_t draws = 0;
    const auto draw = [&](Index end) {
      return static_cast<Index>(random.uniform(draws++) * static_cast<double>(end));
    };
    for (int round = 0; round < 50; ++round) {
      std::vector<MemoryBlock> blocks;
      const Index turn = 10;  // a kept block is in use when forward ends
      for (int i = 0; i < 30; ++i) {
        MemoryBlock block{.num_bytes = 64 * draw(5), .first = draw(20), .is_kept = draw(2) == 0};
        if (block.is_kept) block.first = draw(turn);
        block.last = std::max(block.first, block.is_kept ? turn : 0) + draw(6);
        blocks.push_back(block);
      }
      const Index size = nn::place_blocks(blocks);
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        CHECK(blocks[i].offset + blocks[i].num_bytes <= size);
        for (std::size_t j = 0; j < i; ++j) REQUIRE_FALSE(collide(blocks[i], blocks[j]));
      }
    }
  }

  TEST_CASE("place_blocks: a chain's results take two buffers in turn") {
    std::vector<MemoryBlock> blocks;
    for (Index i = 0; i < 6; ++i) blocks.push_back({.num_bytes = 64, .first = i, .last = i + 1});
    CHECK(nn::place_blocks(blocks) == 128);
  }

  TEST_CASE("place_blocks: gradients take the place of results that backward has used up") {
    // Two kept results; backward of the second one, then of the first one.
    std::vector<MemoryBlock> blocks{{.num_bytes = 64, .first = 0, .last = 4, .is_kept = true},
                                    {.num_bytes = 64, .first = 1, .last = 3, .is_kept = true},
                                    {.num_bytes = 64, .first = 4, .last = 5}};
    CHECK(nn::place_blocks(blocks) == 128);
    CHECK(blocks[2].offset == 64);
  }

  TEST_CASE("LayoutCache: keeps the last two layouts") {
    LayoutCache cache;
    int made = 0;
    const auto get = [&](Index batch) {
      return cache.get({.build_number = 1, .batch = batch}, [&](MemoryLayout& layout) {
        layout.num_bytes = batch;
        ++made;
      });
    };
    for (const Index batch : {32, 5, 32, 5, 32}) CHECK(get(batch).num_bytes == batch);
    CHECK(made == 2);
    CHECK(get(7).num_bytes == 7);  // in place of 5
    CHECK(get(32).num_bytes == 32);
    CHECK(made == 3);
    CHECK(get(5).num_bytes == 5);
    CHECK(made == 4);
  }
}
