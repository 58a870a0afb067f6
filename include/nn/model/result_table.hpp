// SPDX-License-Identifier: MIT
// Where the results of a training pass lie.
#pragma once

#include <cstddef>

#include "nn/core/memory.hpp"

namespace nn::detail {

/// Where the results of the steps lie in the memory of a training pass. The table stands at the
/// beginning of that memory: `forward` writes it and `backward` reads it.
class ResultTable {
 public:
  explicit ResultTable(std::byte* memory) : memory_(memory) {}
  [[nodiscard]] static Index num_bytes(std::size_t num_steps) {
    return padded_bytes<Index>(static_cast<Index>(num_steps) + 1);
  }

  void set(std::size_t i, const std::byte* y) const { offsets()[i] = y - memory_; }
  /// The result of step i, and behind it what its layer keeps. Behind the last step's: gradients.
  [[nodiscard]] std::byte* operator[](std::size_t i) const { return memory_ + offsets()[i]; }

 private:
  [[nodiscard]] Index* offsets() const { return reinterpret_cast<Index*>(memory_); }

  std::byte* memory_;
};

}  // namespace nn::detail
