// SPDX-License-Identifier: MIT
// The caches that blocks of work are cut for.
#pragma once

#if defined(__linux__)
#include <unistd.h>
#endif
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <algorithm>

#include "nn/core/cold.hpp"
#include "nn/core/config.hpp"
#include "nn/core/once.hpp"

namespace nn::kernels {

namespace detail {

[[nodiscard]] NN_COLD inline Index find_core_cache() {
#if defined(_SC_LEVEL2_CACHE_SIZE)
  if (const long size = ::sysconf(_SC_LEVEL2_CACHE_SIZE); size > 0) return Index{size};
#endif
  return Index{1} << 20;
}

[[nodiscard]] NN_COLD inline Index find_shared_cache() {
#if defined(__x86_64__)
  constexpr Index most = Index{64} << 20;
  // Not from the system: it may count the caches of all cores together.
  constexpr unsigned leaves[] = {4, 0x8000001D}, third_level = 3;  // Intel's, AMD's
  for (const unsigned leaf : leaves) {
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (__get_cpuid_count(leaf, third_level, &eax, &ebx, &ecx, &edx) == 0) continue;
    if ((eax & 31) == 0) continue;  // no such cache
    const Index ways = (ebx >> 22) + 1, partitions = (ebx >> 12 & 1023) + 1;
    const Index line = (ebx & 4095) + 1, sets = Index{ecx} + 1;
    return std::min(most, ways * partitions * line * sets);
  }
#endif
  return Index{32} << 20;
}

}  // namespace detail

/// Bytes of the cache that a core has to itself (the second level), as the system tells; 1 MiB
/// where it does not. Blocks of work are cut to fit it, but sums are not, so it changes no result.
[[nodiscard, gnu::noinline]] inline Index core_cache_bytes() {
  return nn::detail::found_once<&detail::find_core_cache>();
}

/// Bytes of the cache that neighbouring cores share (the third level), as the processor tells; 32
/// MiB where it does not, and at most 64 MiB. Data larger than that has left it before it is read
/// again.
[[nodiscard]] inline Index shared_cache_bytes() {
  return nn::detail::found_once<&detail::find_shared_cache>();
}

/// How many Ts an operand may have to stay in a core's cache while others pass through: a quarter
/// of what fits.
template <class T>
[[nodiscard]] Index cached_elements() {
  return core_cache_bytes() / 4 / static_cast<Index>(sizeof(T));
}

}  // namespace nn::kernels
