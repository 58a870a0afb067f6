// SPDX-License-Identifier: MIT
// The activation at the end of a layer, forward and backward, written once for all layers that have
// one.
#pragma once

#include <algorithm>

#include "nn/kernels/elementwise/elementwise.hpp"
#include "nn/kernels/rows/softmax.hpp"
#include "nn/layer/pass.hpp"

namespace nn {

/// The part of `activation` that a kernel applies to single elements while it writes them.
[[nodiscard]] constexpr Activation elementwise_part(Activation activation) {
  return activation == Activation::softmax ? Activation::linear : activation;
}

/// The part that needs whole rows: softmax over the last axis of y, in place. `y [.., classes]`
template <class T, int Rank>
void apply_rowwise_part(Activation activation, TensorMap<T, Rank>& y) {
  if (activation != Activation::softmax) return;
  const Index classes = y.dimension(Rank - 1);
  kernels::softmax(y.size() / std::max<Index>(classes, 1), classes, y.data(), y.data());
}

/// dz = dy * act'(z), written over dy, where y = act(z).
template <class T, int Rank>
void to_gradient_before(Activation activation, const Pass& pass, const ConstTensorMap<T, Rank>& y,
                        TensorMap<T, Rank>& dy) {
  if (activation == Activation::linear || pass.dy_is_masked) return;
  if (activation == Activation::softmax) {
    const Index classes = y.dimension(Rank - 1);
    kernels::softmax_gradient(y.size() / std::max<Index>(classes, 1), classes, y.data(), dy.data(),
                              dy.data());
  } else {
    kernels::activation_gradient(activation, y.size(), y.data(), dy.data(), dy.data());
  }
}

}  // namespace nn
