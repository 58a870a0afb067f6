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

class BatchPeers;  // layer/batch_peers.hpp
class ParameterUpdate;

/// What layers add to the loss of a batch beside the outputs' losses.
struct ActivityPenalty {
  double sum = 0;
  Index samples = 1;     ///< of the whole batch, which penalties are divided by
  bool is_used = false;  ///< a layer has added something

  void add(double penalty) {
    sum += penalty;
    is_used = true;
  }
};

/// One forward or backward pass through one layer. A layer without promises may ignore all of it
/// but `memory`. Only needs_dx and update differ between the forward and the backward of a pass.
struct Pass {
  bool training = false;  ///< false: inference; dropout is off, nothing is kept for backward
  /// The layer's `workspace_bytes`, or null without any; backward's is that of forward.
  std::byte* memory = nullptr;
  /// At inference: index of the batch within one `predict` or `evaluate`. Such batches share
  /// `memory` and weights; -1: a single batch.
  Index batch_number = -1;
  std::uint64_t seed = 0;   ///< the model's seed
  std::uint64_t step = 0;   ///< optimizer steps taken before this pass
  std::uint64_t layer = 0;  ///< number in the whole model; equal layers draw different numbers
  /// Where other processes have parts of the same batch: samples of the batch in front of this
  /// pass's, and those of this pass. Else 0.
  Index samples_before = 0, samples = 0;
  BatchPeers* peers = nullptr;  ///< these processes, in training; null: there are no others
  /// Where forward adds a penalty on what the layer gives; its gradient is a part of dx. Null:
  /// nobody wants either.
  ActivityPenalty* penalty = nullptr;
  bool needs_dx = true;  ///< false: nobody reads dx, it need not be written
  /// The layer's parameters are frozen: nobody reads their gradients, they need not be written.
  /// Batch normalization then takes its moving statistics in training too.
  bool is_frozen = false;
  /// Of sequences x, [samples, steps]: false where a step is padding, and not to be counted. Null:
  /// all are.
  const bool* mask = nullptr;
  /// In training: the numbers are those of inference, though backward follows, as for
  /// `input_gradient`; comes with is_frozen. Dropout and the like are off.
  bool as_inference = false;

  // Requests, made only of layers that promise to obey them; `precision` is for all products.

  bool accumulate = true;  ///< true: add to the gradients of parameters; false: assign them
  const ParameterUpdate* update = nullptr;  ///< the optimizer's step, for each parameter's gradient
  Activation activation = Activation::linear;  ///< to be applied to y as it is written
  ProductPrecision precision{};                ///< of the products of Dense layers; sums are in T
  bool dx_is_masked = false;  ///< x is the result of a ReLU: write 0 to dx where x is 0
  /// Between two layers, a result may be rounded to bfloat16: y of the first and x of the second
  /// are then numbers of that kind, in the memory of the tensor.
  bool x_in_bfloat16 = false, y_in_bfloat16 = false;

  /// Throws `std::invalid_argument` for a layer that needs so many bytes of memory and has none, as
  /// it got the pass of a layer around it that did not ask for them.
  void require_memory(const char* where, Index bytes) const {
    if (memory != nullptr || bytes == 0) return;
    refuse({where,
            {"a pass with ", bytes, " bytes of memory"},
            "one without",
            "",
            "a layer that hands its pass on has to ask for the other's workspace_bytes"});
  }

  /// Whether dropout and the like are on.
  [[nodiscard]] bool is_random() const { return training && !as_inference; }
  /// The number that the first of so many elements, of all samples of this pass, has in the whole
  /// batch: what random numbers go by.
  [[nodiscard]] Index first_in_batch(Index num_elements) const {
    return samples_before == 0 ? 0 : samples_before * (num_elements / samples);
  }
  /// The numbers that this layer draws in this pass.
  [[nodiscard]] Random random(RandomPurpose purpose) const {
    return {seed, {purpose, layer, step}};
  }
};

/// The elements of x as a mask for dx, or null where none is asked for.
template <class T, int Rank>
[[nodiscard]] const T* mask_of(const Pass& pass, const ConstTensorMap<T, Rank>& x) {
  return pass.dx_is_masked ? x.data() : nullptr;
}

}  // namespace nn
