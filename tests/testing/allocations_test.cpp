// SPDX-License-Identifier: MIT
#include "tests/testing/allocations.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "nn/core/memory.hpp"

TEST_SUITE("testing/allocations") {
  TEST_CASE("Allocations: the counter sees every way to the heap" *
            doctest::skip(!nn::testing::counts_allocations)) {
    const nn::Index before = nn::testing::num_allocations();
    const auto one = std::make_unique<int>(1);
    const auto several = std::make_unique<int[]>(3);
    const nn::AlignedArray<float> aligned(3);
    CHECK(nn::testing::num_allocations() - before == 3);
  }
}
