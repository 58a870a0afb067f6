// SPDX-License-Identifier: MIT
// Version, index type and the assertion for broken invariants.
#pragma once

#include <Eigen/Core>
#include <cassert>

#include "nn/core/real.hpp"

#if !EIGEN_VERSION_AT_LEAST(3, 4, 0)
#error "nn: expected Eigen 3.4 or later, got an older one; put a newer one on the include path"
#include <Eigen 3.4>  // no such file: the compilation ends here
#endif

#define NN_VERSION_MAJOR 0
#define NN_VERSION_MINOR 1
#define NN_VERSION_PATCH 0

/// Checks what only a mistake inside the library can break. Bad input throws instead.
#define NN_ASSERT(condition) assert(condition)

namespace nn {

/// Signed type of every size, index and count.
using Index = Eigen::Index;
static_assert(sizeof(Index) == 8,
              "nn: expected sizes of 64 bits; compile for a 64-bit system, and leave Eigen's "
              "EIGEN_DEFAULT_DENSE_INDEX_TYPE as it is; for WebAssembly, set it to int64_t");

}  // namespace nn
