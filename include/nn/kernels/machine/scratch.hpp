// SPDX-License-Identifier: MIT
// Memory for intermediate results of kernels: a block for each thread and use, which only grows.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <utility>

#include "nn/core/config.hpp"
#include "nn/core/memory.hpp"

namespace nn::kernels {

/// What the memory is for. Two leases that are alive at once in one thread need different uses.
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
  regions,
  product_columns,
  unrounded,
  sums_of_runs,
  runs,
  kernel_gradient,
  met_cells,
  wide_row,
  column_values,
  unit_lines,
  repeated,
  displacements,
  noise,
  smooth_noise,
  recurrent_weights,
  recurrent_part,
  group_input,
  group_weights,
  group_result,
  repeated_channels,
  stacked_frames,
  stacked_weights,
  scores,
  score_gradients,
  orthogonalized,
  muon_direction,
  count
};

namespace detail {

struct ScratchBlock {
  AlignedMemory memory;
  bool is_free = true;
};

/// This thread's block for `use`.
[[nodiscard, gnu::noinline]] inline ScratchBlock& scratch_block(ScratchUse use) {
  using Blocks = std::array<ScratchBlock, static_cast<std::size_t>(ScratchUse::count)>;
  // A pointer, because destructors of statics run after thread_local ones and may still ask for
  // scratch.
  thread_local Blocks* blocks = nullptr;
  thread_local const struct Closer {
    ~Closer() { delete std::exchange(blocks, nullptr); }
  } closer;
  if (blocks == nullptr) blocks = new Blocks;
  return (*blocks)[static_cast<std::size_t>(use)];
}

}  // namespace detail

/// Whether this thread has no lease of `use`.
[[nodiscard]] inline bool is_free(ScratchUse use) { return detail::scratch_block(use).is_free; }

/// A lease of this thread's memory for one use. It ends with the object, in the same thread. The
/// next lease gets the same memory, or a larger block if it asks for more, with any contents. An
/// assertion fails where a use is leased again before its lease has ended.
template <class T>
class Scratch {
 public:
  /// Leases nothing.
  Scratch() = default;
  /// Room for a tensor of these sizes from a cache line on, not initialised. Throws
  /// `std::bad_alloc` where memory runs out.
  template <std::same_as<Index>... Sizes>
  explicit Scratch(ScratchUse use, Sizes... sizes) {
    detail::ScratchBlock& block = detail::scratch_block(use);
    NN_ASSERT(block.is_free);
    const auto num_bytes = static_cast<std::size_t>(bytes_of<T>(sizes...));
    data_ = reinterpret_cast<T*>(block.memory.reserve(num_bytes));
    // Noted without assertions too: other files of the program may be compiled with them.
    block.is_free = false;
    block_ = &block;
  }
  Scratch(Scratch&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)), data_(std::exchange(other.data_, nullptr)) {}
  Scratch& operator=(Scratch&& other) noexcept {
    Scratch taken = std::move(other);
    std::swap(block_, taken.block_);
    std::swap(data_, taken.data_);
    return *this;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    if (block_ != nullptr) block_->is_free = true;
  }

  [[nodiscard]] T* data() const { return data_; }

 private:
  detail::ScratchBlock* block_ = nullptr;
  T* data_ = nullptr;
};

}  // namespace nn::kernels
