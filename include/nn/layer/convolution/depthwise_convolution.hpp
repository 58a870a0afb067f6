// SPDX-License-Identifier: MIT
// The passes of a convolution in groups, for layers that no program compiles without asking for
// them: as many groups as channels go through the kernels of depthwise convolution.
#pragma once

#include "nn/kernels/depthwise/depthwise.hpp"
#include "nn/layer/convolution/convolution.hpp"

namespace nn::detail {

template <Real T>
struct GroupedOrDepthwise : Convolution<T> {
  using Convolution<T>::Convolution, Convolution<T>::shape, Convolution<T>::groups;

  void forward(const T* x, const KernelAndBias<T>& weights, T* y, const Pass& pass) const {
    if (!is_depthwise() || pass.y_in_bfloat16) {
      return Convolution<T>::forward(x, weights, y, pass);
    }
    kernels::depthwise_conv2d(shape, x, weights.W, weights.b, {}, pass.activation, y);
  }
  void forward(const T* x, const KernelAndBias<T>& weights, T* y, const kernels::Affine<T>& affine,
               const Pass& pass) const requires(kernels::has_simd<T>) {
    if (!is_depthwise()) return Convolution<T>::forward(x, weights, y, affine, pass);
    kernels::depthwise_conv2d(shape, x, weights.W, weights.b, affine, pass.activation, y);
  }

  void backward(const T* x, const T* dz, const KernelAndBias<T>& weights, T* dx,
                const Pass& pass) const {
    if (!is_depthwise()) return Convolution<T>::backward(x, dz, weights, dx, pass);
    const auto [W, b, dW, db] = weights;
    // dW += x * dz,  db += sum of dz
    if (!pass.is_frozen) {
      kernels::depthwise_kernel_gradient(shape, x, dz, dW, db, pass.accumulate);
    }
    // dx = dz spread by W
    if (!pass.needs_dx) return;
    kernels::depthwise_input_gradient(shape, dz, W, pass.dx_is_masked ? x : nullptr, dx);
  }

 private:
  /// Whether each channel has filters of its own.
  [[nodiscard]] bool is_depthwise() const { return groups > 1 && groups == shape.in_channels; }
};

}  // namespace nn::detail
