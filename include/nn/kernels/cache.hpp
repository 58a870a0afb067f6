// SPDX-License-Identifier: MIT
// The cache that blocks of work are cut for.
#pragma once

#if defined(__linux__)
#include <unistd.h>
#endif

#include "nn/core/config.hpp"

namespace nn::kernels {

/// Bytes of the cache that a core has to itself (the second level), as the system tells; 1 MiB
/// where it does not. Blocks are cut for it, sums never are: it changes no result.
[[nodiscard]] inline Index core_cache_bytes() {
  static const Index bytes = [] {
#if defined(_SC_LEVEL2_CACHE_SIZE)
    if (const long size = ::sysconf(_SC_LEVEL2_CACHE_SIZE); size > 0) return Index{size};
#endif
    return Index{1} << 20;
  }();
  return bytes;
}

/// How many T an operand may have that stays there while others stream by: a quarter.
template <class T>
[[nodiscard]] Index cached_elements() {
  return core_cache_bytes() / 4 / static_cast<Index>(sizeof(T));
}

}  // namespace nn::kernels
