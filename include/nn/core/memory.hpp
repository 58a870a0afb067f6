// SPDX-License-Identifier: MIT
// Vectors whose memory starts on a cache line and, where large, lies on huge pages.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "nn/core/config.hpp"

namespace nn {

/// Bytes of a cache line, and of the widest vector register.
inline constexpr std::size_t cache_line = 64;

/// Rounds a number of bytes up to whole cache lines.
[[nodiscard]] constexpr Index round_to_cache_line(Index num_bytes) {
  constexpr auto line = static_cast<Index>(cache_line);
  return (num_bytes + line - 1) / line * line;
}

/// Allocator of cache-line-aligned memory. Blocks of 2 MiB and more ask for huge pages: weights and
/// activations are streamed once a step, and 4 KiB pages would miss the TLB on every other line.
template <class T>
struct AlignedAllocator {
  using value_type = T;
  static constexpr std::size_t huge_page = std::size_t{2} << 20;

  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) {}  // NOLINT(google-explicit-constructor): rebinding

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > static_cast<std::size_t>(-1) / 2 / sizeof(T)) throw std::bad_array_new_length{};
    const std::size_t num_bytes = count * sizeof(T);
    void* memory = ::operator new(num_bytes, alignment(num_bytes));
#if defined(__linux__)
    if (num_bytes >= huge_page)
      ::madvise(memory, num_bytes, MADV_HUGEPAGE);  // a hint; may be refused
#endif
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) {
    ::operator delete(memory, alignment(count * sizeof(T)));
  }

  friend bool operator==(const AlignedAllocator&, const AlignedAllocator&) { return true; }

 private:
  static std::align_val_t alignment(std::size_t num_bytes) {
    return std::align_val_t{num_bytes >= huge_page ? huge_page : cache_line};
  }
};

template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace nn
