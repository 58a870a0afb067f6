// SPDX-License-Identifier: MIT
// How many cores this process may use.
#pragma once

#if defined(__linux__)
#include <sched.h>
#endif

#include <algorithm>
#include <thread>

#include "nn/core/cold.hpp"
#include "nn/core/cpu_quota.hpp"
#include "nn/core/once.hpp"

namespace nn::detail {

/// The number of cores that this process may run on, or fewer where its control groups limit its
/// processor time. Where the system tells neither, all cores.
[[nodiscard]] NN_COLD inline int count_cores() {
#if defined(__linux__)
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    return std::min(CPU_COUNT(&allowed), cores_of_groups(""));
  }
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

[[nodiscard]] inline int num_cores() { return found_once<&count_cores>(); }

}  // namespace nn::detail
