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
    const auto size = static_cast<std::size_t>(num_bytes);
    if (memory_.size() < size) {
      memory_ = {};  // first give back, then take: the contents need not survive
      memory_.resize(size);
    }
    return memory_.data();
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
  AlignedVector<std::byte> memory_;
};

}  // namespace nn
