// SPDX-License-Identifier: MIT
// What a layer is told about one forward or backward pass beside its tensors.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nn/core/error.hpp"
#include "nn/core/random.hpp"
#include "nn/core/tensor.hpp"
#include "nn/kernels/elementwise/activation.hpp"
#include "nn/kernels/product/precision.hpp"

namespace nn {

class ParameterUpdate;

/// One pass through one layer. A plain layer may ignore all of it; the members after `layer` are
/// read by layers that announce it with the traits of `layer.hpp`. Only needs_dx and update differ
/// between the forward and the backward of a pass.
struct Pass {
  bool training = false;  ///< false: inference; dropout is off, nothing is kept for backward
  /// The layer's `workspace_bytes`, or null without any; backward's is that of forward.
  std::byte* memory = nullptr;
  /// Inference: number of this batch among those of one call, which find `memory` as the one before
  /// left it and the same weights; -1: on its own.
  Index batch_number = -1;
  std::uint64_t seed = 0;   ///< the model's seed
  std::uint64_t step = 0;   ///< optimizer steps taken before this pass
  std::uint64_t layer = 0;  ///< number in the whole model; equal layers draw different numbers

  bool needs_dx = true;    ///< false: nobody reads dx, it need not be written
  bool accumulate = true;  ///< backward adds to parameter gradients; false: it assigns them
  const ParameterUpdate* update = nullptr;  ///< the optimizer's step, for each parameter's gradient
  Activation activation = Activation::linear;  ///< of a following layer, which this one applies
  ProductPrecision precision{};                ///< that Dense layers multiply in; sums are in T
  /// x or y is rounded to bfloat16 and lies as such numbers where the tensor's elements would.
  bool x_in_bfloat16 = false, y_in_bfloat16 = false;
  bool as_logits = false;     ///< leave out a closing softmax: the loss works on logits
  bool dy_is_masked = false;  ///< dy already is the gradient before this layer's ReLU
  bool mask_dx = false;       ///< dx is wanted before the ReLU that made x: 0 where x is 0

  /// Throws `std::invalid_argument` for a layer that needs so many bytes of memory and has none:
  /// another one has handed on its pass and not announced what this one needs.
  void require_memory(const char* where, Index bytes) const {
    if (memory != nullptr || bytes == 0) return;
    refuse({where,
            {"a pass with ", bytes, " bytes of memory"},
            "one without",
            "",
            "a layer that hands its pass on announces the other's workspace_bytes"});
  }

  /// The numbers that this layer draws in this pass.
  [[nodiscard]] Random random(RandomPurpose purpose) const {
    return {seed, {purpose, layer, step}};
  }

  /// The activation to apply, for a layer whose own is `own`.
  [[nodiscard]] Activation activation_of(Activation own) const {
    const Activation effective = own == Activation::linear ? activation : own;
    return effective == Activation::softmax && as_logits ? Activation::linear : effective;
  }
};

/// The elements of x as a mask for dx, or null where none is asked for.
template <class T, int Rank>
[[nodiscard]] const T* mask_of(const Pass& pass, const ConstTensorMap<T, Rank>& x) {
  return pass.mask_dx ? x.data() : nullptr;
}

}  // namespace nn
