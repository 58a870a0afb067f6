// SPDX-License-Identifier: MIT
// The memory of a pass, owned by the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "nn/core/memory.hpp"
#include "nn/layer/memory_layout.hpp"

namespace nn {

/// Memory for the activations of a pass. It belongs to the caller, so one model can predict in many
/// threads at once, each with its own workspace. It grows where it is too small and is then reused.
class Workspace {
 public:
  Workspace() = default;
  /// A copy has memory of its own, and so no results for `backward`.
  Workspace(const Workspace& other) : memory_(other.memory_), layouts_(other.layouts_) {}
  Workspace(Workspace&& other) noexcept
      : last_forward(std::exchange(other.last_forward, {})),
        memory_(std::move(other.memory_)),
        layouts_(std::move(other.layouts_)) {}
  Workspace& operator=(const Workspace& other) { return *this = Workspace(other); }
  Workspace& operator=(Workspace&& other) noexcept {
    memory_ = std::move(other.memory_);
    layouts_ = std::move(other.layouts_);
    last_forward = std::exchange(other.last_forward, {});
    return *this;
  }
  ~Workspace() = default;

  /// At least `num_bytes` bytes that start on a cache line; earlier contents may be lost.
  [[nodiscard]] std::byte* reserve(Index num_bytes) {
    last_forward = {};
    return memory_.reserve(static_cast<std::size_t>(num_bytes));
  }

  /// How passes used this memory lately.
  [[nodiscard]] LayoutCache& layouts() { return layouts_; }

  /// Bytes held.
  [[nodiscard]] Index size() const { return static_cast<Index>(memory_.size()); }

  /// The training pass whose results lie here until the memory is used again: what `backward`
  /// continues.
  struct ForwardPass {
    const void* model = nullptr;
    std::uint64_t build_number = 0;  ///< the model's
    const void* x = nullptr;
    Index batch_size = 0;
    std::byte* memory = nullptr;
    std::uint64_t step = 0;    ///< optimizer steps before it
    std::uint64_t repeat = 0;  ///< forward passes here between that step and this
    bool is_in_state = false;  ///< `backward` has let the layers' state take it up
  };
  ForwardPass last_forward;

 private:
  AlignedMemory memory_;
  LayoutCache layouts_;
};

}  // namespace nn
