// SPDX-License-Identifier: MIT
// The memory of a pass, owned by the caller.
#pragma once

#include <cstddef>

#include "nn/core/memory.hpp"

namespace nn {

/// Memory for the activations of a pass. It belongs to whoever calls, so one model can predict in
/// many threads at once, each with its own workspace; it grows on the first call of a size and is
/// reused after.
class Workspace {
 public:
  /// At least `num_bytes` bytes that start on a cache line; earlier contents may be lost.
  [[nodiscard]] std::byte* reserve(Index num_bytes) {
    return memory_.reserve(static_cast<std::size_t>(num_bytes));
  }

  /// Bytes held.
  [[nodiscard]] Index size() const { return static_cast<Index>(memory_.size()); }

  /// The training pass whose results lie here, for the backward pass that follows it.
  struct ForwardPass {
    const void* model = nullptr;
    const void* x = nullptr;
    Index batch_size = 0;
    std::byte* memory = nullptr;
  };
  ForwardPass last_forward;

 private:
  AlignedMemory memory_;
};

}  // namespace nn
