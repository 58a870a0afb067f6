// SPDX-License-Identifier: MIT
// How often this program has taken memory from the heap.
#pragma once

#include "nn/core/config.hpp"

namespace nn::testing {

/// Calls of operator new so far, by all threads. Defined by count_allocations.hpp, which one file
/// of the program includes.
[[nodiscard]] Index num_allocations();

}  // namespace nn::testing
