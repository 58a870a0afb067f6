// SPDX-License-Identifier: MIT
// The scalars that a network can be made of.
#pragma once

#include <concepts>

#include "nn/core/cxx20.hpp"

namespace nn {

/// True for the scalars that a network can be made of. A number type of one's own (a dual number,
/// an interval) opts in by specialising this. It then runs on plain loops, most of them in the
/// files `kernels/*/naive.hpp`.
template <class T>
inline constexpr bool is_real = std::floating_point<T>;

template <class T>
concept Real = is_real<T>;

}  // namespace nn
