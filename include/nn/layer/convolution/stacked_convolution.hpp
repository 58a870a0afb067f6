// SPDX-License-Identifier: MIT
// The passes of a three-dimensional convolution: some output frames after the others, each a
// convolution of the frames under its windows, stacked.
#pragma once

#include <algorithm>

#include "nn/kernels/conv3d/frames.hpp"
#include "nn/kernels/machine/scratch.hpp"
#include "nn/layer/convolution/convolution_layer.hpp"

namespace nn::detail {

template <Real T>
struct StackedConvolution {
  kernels::Conv3DShape shape;

  /// y, by run(convolution, stacks, weights, y) of some output frames after the others.
  template <class Run>
  void forward(const T* x, const KernelAndBias<T>& weights, T* y, const Run& run) const {
    const Memory memory(shape);
    kernels::stack_weights(shape, weights.W, memory.kernel());
    KernelAndBias<T> stacked = weights;
    stacked.W = memory.kernel();
    shape.for_each_part([&](Index first, Index count) {
      kernels::stack_frames(shape, first, count, x, memory.stacks());
      run(of_stacks(count), memory.stacks(), stacked, y + first * shape.frame.output_size());
    });
  }

  void backward(const T* x, const T* dz, const KernelAndBias<T>& weights, T* dx,
                const Pass& pass) const {
    const Memory memory(shape);
    kernels::stack_weights(shape, weights.W, memory.kernel());
    KernelAndBias<T> stacked = weights;
    stacked.W = memory.kernel();
    stacked.dW = memory.dkernel();
    // Gradients are added part by part.
    Pass inner = pass;
    inner.accumulate = true;
    inner.dx_is_masked = false;
    const Index dx_size = shape.frame.batch * shape.depth * shape.frame.input_size();
    if (!pass.is_frozen) {
      std::fill_n(memory.dkernel(), memory.weights_size, T(0));
      if (weights.db != nullptr && !pass.accumulate) {
        std::fill_n(weights.db, shape.frame.out_channels, T(0));
      }
    }
    if (pass.needs_dx) std::fill_n(dx, dx_size, T(0));
    shape.for_each_part([&](Index first, Index count) {
      kernels::stack_frames(shape, first, count, x, memory.stacks());
      of_stacks(count).backward(memory.stacks(), dz + first * shape.frame.output_size(), stacked,
                                memory.dstacks(), inner);
      if (pass.needs_dx) {
        kernels::add_stacked_frames(shape, first, count, memory.dstacks(), dx);
      }
    });
    if (!pass.is_frozen) {
      kernels::unstack_gradient(shape, memory.dkernel(), pass.accumulate, weights.dW);
    }
    if (pass.needs_dx && pass.dx_is_masked) {
      kernels::activation_gradient<T>(Activation::relu, dx_size, nullptr, x, dx, dx);
    }
  }

 private:
  /// The stacks of a part and the weights for them, each with its gradient behind it.
  struct Memory {
    Index stacks_size, weights_size;
    kernels::Scratch<T> frames, weights;

    explicit Memory(const kernels::Conv3DShape& shape)
        : stacks_size(shape.most_in_part() * shape.of_stacks(1).input_size()),
          weights_size(shape.weights_size()),
          frames(kernels::ScratchUse::stacked_frames, Index{2}, stacks_size),
          weights(kernels::ScratchUse::stacked_weights, Index{2}, weights_size) {}

    [[nodiscard]] T* stacks() const { return frames.data(); }
    [[nodiscard]] T* dstacks() const { return frames.data() + stacks_size; }
    [[nodiscard]] T* kernel() const { return weights.data(); }
    [[nodiscard]] T* dkernel() const { return weights.data() + weights_size; }
  };

  [[nodiscard]] Convolution<T> of_stacks(Index count) const {
    return {shape.of_stacks(count), shape.groups};
  }
};

}  // namespace nn::detail
