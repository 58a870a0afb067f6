// SPDX-License-Identifier: MIT
// Memory for intermediate results of kernels: one buffer for each thread and use, which only grows.
#pragma once

#include <array>
#include <cstddef>

#include "nn/core/config.hpp"
#include "nn/core/memory.hpp"

namespace nn::kernels {

/// What a buffer is for. Two uses that are alive at once in one thread need different names.
enum class ScratchUse {
  packed_a,
  packed_b,
  shared_a,
  shared_b,
  rounded_a,
  rounded_b,
  partial_sums,
  patches,
  pixels,
  other,
  count
};

namespace detail {

class ScratchBuffer {
 public:
  ScratchBuffer() = default;
  ScratchBuffer(const ScratchBuffer&) = delete;
  ScratchBuffer& operator=(const ScratchBuffer&) = delete;
  ~ScratchBuffer() { release(); }

  [[nodiscard]] void* reserve(std::size_t num_bytes) {
    if (num_bytes > size_) {
      release();
      memory_ = Allocator{}.allocate(num_bytes);
      size_ = num_bytes;
    }
    return memory_;
  }

 private:
  using Allocator = AlignedAllocator<std::byte>;

  void release() {
    if (memory_ != nullptr) Allocator{}.deallocate(memory_, size_);
    memory_ = nullptr;
    size_ = 0;
  }

  std::byte* memory_ = nullptr;
  std::size_t size_ = 0;
};

[[nodiscard]] inline ScratchBuffer& scratch_buffer(ScratchUse use) {
  thread_local std::array<ScratchBuffer, static_cast<std::size_t>(ScratchUse::count)> buffers;
  return buffers[static_cast<std::size_t>(use)];
}

}  // namespace detail

/// This thread's memory for `use`: room for `count` elements from a cache line on, not initialised.
/// Stays valid until the next call for the same use in the same thread; the contents do not.
template <class T>
[[nodiscard]] T* scratch(ScratchUse use, Index count) {
  const auto num_bytes = static_cast<std::size_t>(count) * sizeof(T);
  return static_cast<T*>(detail::scratch_buffer(use).reserve(num_bytes));
}

}  // namespace nn::kernels
