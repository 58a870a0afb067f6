// SPDX-License-Identifier: MIT
// Version, index type and the assertion for broken invariants.
#pragma once

#if __cplusplus < 202002L
#error "nn: expected a compiler set to C++20, got an older standard; compile with -std=c++20"
#endif

#include <Eigen/Core>
#include <cassert>

#include "nn/core/real.hpp"

#define NN_VERSION_MAJOR 0
#define NN_VERSION_MINOR 1
#define NN_VERSION_PATCH 0

/// Checks what only a mistake inside the library can break; bad input throws instead.
#define NN_ASSERT(condition) assert(condition)

namespace nn {

/// Signed type of every size, index and count.
using Index = Eigen::Index;
static_assert(sizeof(Index) == 8,
              "nn: expected sizes of 64 bits; compile for a 64-bit system, and leave Eigen's "
              "EIGEN_DEFAULT_DENSE_INDEX_TYPE as it is");

}  // namespace nn
