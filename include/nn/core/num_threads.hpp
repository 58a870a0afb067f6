// SPDX-License-Identifier: MIT
// How many threads compute.
#pragma once

#include <atomic>

#include "nn/core/cores.hpp"
#include "nn/core/error.hpp"

namespace nn {
namespace detail {

/// As `set_num_threads` set it; 0 before.
[[nodiscard, gnu::noinline]] inline std::atomic<int>& thread_count() {
  static constinit std::atomic<int> count{0};
  return count;
}

}  // namespace detail

/// Number of threads that `parallel_for` shares its pieces among, the caller included.
[[nodiscard]] inline int num_threads() {
  const int count = detail::thread_count().load(std::memory_order_relaxed);
  return count > 0 ? count : detail::num_cores();
}

/// Sets it, from the next loop on; by default all cores. Results never depend on it.
/// Throws `std::invalid_argument` if n < 1.
inline void set_num_threads(int n) {
  demand(n >= 1, "set_num_threads", "1 thread or more", n);
  detail::thread_count().store(n, std::memory_order_relaxed);
}

}  // namespace nn
