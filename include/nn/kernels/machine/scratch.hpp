// SPDX-License-Identifier: MIT
// Memory for intermediate results of kernels: one buffer for each thread and use, which only grows.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <utility>

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
  windows,
  pixels,
  classes,
  product_columns,
  unrounded,
  sums_of_runs,
  runs,
  kernel_gradient,
  met_cells,
  count
};

namespace detail {

[[nodiscard, gnu::noinline]] inline AlignedMemory& scratch_memory(ScratchUse use) {
  using Memory = std::array<AlignedMemory, static_cast<std::size_t>(ScratchUse::count)>;
  // A pointer, because destructors of statics run after thread_local ones and may still ask for
  // scratch.
  thread_local Memory* memory = nullptr;
  thread_local const struct Closer {
    ~Closer() { delete std::exchange(memory, nullptr); }
  } closer;
  if (memory == nullptr) memory = new Memory;
  return (*memory)[static_cast<std::size_t>(use)];
}

}  // namespace detail

/// This thread's memory for `use`: room for a tensor of these sizes from a cache line on, not
/// initialised. Valid until the next call for the same use in the same thread: that call may move
/// it and loses the contents.
template <class T, std::same_as<Index>... Sizes>
[[nodiscard]] T* scratch(ScratchUse use, Sizes... sizes) {
  const auto num_bytes = static_cast<std::size_t>(bytes_of<T>(sizes...));
  return reinterpret_cast<T*>(detail::scratch_memory(use).reserve(num_bytes));
}

}  // namespace nn::kernels
