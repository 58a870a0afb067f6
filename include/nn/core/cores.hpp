// SPDX-License-Identifier: MIT
// How many cores this process may use.
#pragma once

#if defined(__linux__)
#include <sched.h>
#endif

#include <algorithm>
#include <thread>

#include "nn/core/once.hpp"

namespace nn::detail {

/// The cores that this process may run on, where the system tells, else all.
[[nodiscard, gnu::cold, gnu::noinline]] inline int count_cores() {
#if defined(__linux__)
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

[[nodiscard]] inline int num_cores() { return found_once<&count_cores>(); }

}  // namespace nn::detail
