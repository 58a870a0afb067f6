// SPDX-License-Identifier: MIT
// How often this program has taken memory from the heap, and heaps that run out.
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

/// As long as this lives, the calling thread's allocations fail, but for the first few of them.
class HeapRunsOut {
 public:
  explicit HeapRunsOut(Index num_left);
  HeapRunsOut(const HeapRunsOut&) = delete;
  HeapRunsOut& operator=(const HeapRunsOut&) = delete;
  ~HeapRunsOut();
  /// Whether an allocation has failed.
  [[nodiscard]] bool did() const;
};

}  // namespace nn::testing
