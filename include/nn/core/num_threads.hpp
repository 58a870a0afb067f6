// SPDX-License-Identifier: MIT
// How many threads compute.
#pragma once

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "nn/core/cores.hpp"
#include "nn/core/error.hpp"
#include "nn/core/once.hpp"

namespace nn {
namespace detail {

/// What `set_num_threads` has set; 0 before its first call.
[[nodiscard, gnu::noinline]] inline std::atomic<int>& thread_count() {
  static constinit std::atomic<int> count{0};
  return count;
}

/// The number that the environment variable NN_NUM_THREADS names, or that of the cores.
[[nodiscard]] NN_COLD inline int choose_num_threads() {
  const char* const wanted = std::getenv("NN_NUM_THREADS");
  if (wanted == nullptr || *wanted == '\0') return num_cores();
  const std::string_view digits = wanted;
  int number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size() || number < 1) {
    refuse({"NN_NUM_THREADS", "1 thread or more", wanted});
  }
  return number;
}

}  // namespace detail

/// Number of threads that `parallel_for` shares its pieces among, the caller included: what
/// `set_num_threads` has set, else what the environment variable NN_NUM_THREADS says, else one for
/// each core that this process may use. The CPU quota of a container counts too.
/// Throws `std::invalid_argument` where NN_NUM_THREADS is needed and is not 1 or more.
[[nodiscard]] inline int num_threads() {
  const int count = detail::thread_count().load(std::memory_order_relaxed);
  return count > 0 ? count : detail::found_once<&detail::choose_num_threads>();
}

/// Sets the number of threads, from the next loop on. Results never depend on it.
/// Throws `std::invalid_argument` if n < 1.
inline void set_num_threads(int n) {
  demand(n >= 1, "set_num_threads", "1 thread or more", n);
  detail::thread_count().store(n, std::memory_order_relaxed);
}

}  // namespace nn
