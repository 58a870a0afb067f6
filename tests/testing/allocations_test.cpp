// SPDX-License-Identifier: MIT
// The allocation counter of this program, and a check that it counts.
#include <doctest/doctest.h>

#include <memory>

#include "nn/core/memory.hpp"
#include "tests/testing/count_allocations.hpp"

TEST_SUITE("testing/allocations") {
  TEST_CASE("Allocations: the counter sees every way to the heap") {
    const nn::Index before = nn::testing::num_allocations();
    const auto one = std::make_unique<int>(1);
    const auto several = std::make_unique<int[]>(3);
    const nn::AlignedVector<float> aligned(3);
    CHECK(nn::testing::num_allocations() - before == 3);
  }
}
