// SPDX-License-Identifier: MIT
// Version, index type, scalar concept and the assertion for broken invariants.
#pragma once

#include <Eigen/Core>
#include <cassert>
#include <concepts>

#define NN_VERSION_MAJOR 0
#define NN_VERSION_MINOR 1
#define NN_VERSION_PATCH 0

/// Checks what only a mistake inside the library can break; bad input throws instead.
#define NN_ASSERT(condition) assert(condition)

namespace nn {

/// Signed type of every size, index and count.
using Index = Eigen::Index;

/// True for the scalars that a network can be made of. A number type of one's own (a dual number,
/// an interval) opts in by specialising this; it then runs on the plain loops of
/// `kernels/naive.hpp`.
template <class T>
inline constexpr bool is_real = std::floating_point<T>;

template <class T>
concept Real = is_real<T>;

}  // namespace nn
