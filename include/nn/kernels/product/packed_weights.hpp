// SPDX-License-Identifier: MIT
// Weights that stay packed for the batches that multiply by them.
#pragma once

#include <cstddef>
#include <new>

#include "nn/core/memory.hpp"
#include "nn/kernels/product/product.hpp"

namespace nn::kernels {

/// Memory in which the products x W of several batches share W as the first one has packed it.
/// Shapes  x [rows, inputs]   W [inputs, units]
template <Real T>
class PackedWeights {
 public:
  /// Nothing is kept.
  PackedWeights() = default;
  /// Nor is it where packing costs little: few weights, or a single row, which multiplies W
  /// unpacked.
  PackedWeights(Index rows, Index inputs, Index units) {
    constexpr Index many = 1 << 16;
    if (rows > 1 && inputs * units >= many) {
      num_bytes_ = header + kept_operand_bytes<T>(inputs, units);
    }
  }

  /// Of the memory that the batches share.
  [[nodiscard]] Index num_bytes() const { return num_bytes_; }

  /// For the product of batch number `batch`: 0 for the first, -1 for one on its own. Null where
  /// nothing is kept.
  [[nodiscard]] KeptOperand* in(std::byte* memory, Index batch) const {
    if (batch < 0 || num_bytes_ == 0) return nullptr;
    if (batch == 0) ::new (memory) KeptOperand{memory + header};
    return std::launder(reinterpret_cast<KeptOperand*>(memory));
  }

 private:
  static constexpr Index header = cache_line;  // for the KeptOperand itself

  Index num_bytes_ = 0;
};

}  // namespace nn::kernels
