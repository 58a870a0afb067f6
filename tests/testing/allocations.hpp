// SPDX-License-Identifier: MIT
// How often this program has taken memory from the heap.
#pragma once

#include "nn/core/config.hpp"

namespace nn::testing {

#ifdef NN_SANITIZER
inline constexpr bool counts_allocations = false;
#else
inline constexpr bool counts_allocations = true;
#endif

/// Calls of operator new so far, by all threads; 0 unless `counts_allocations`.
[[nodiscard]] Index num_allocations();

}  // namespace nn::testing
