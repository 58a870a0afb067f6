// SPDX-License-Identifier: MIT
// One-dimensional convolution layer.
#pragma once

#include <string>

#include "nn/layer/convolution/convolution_layer.hpp"
#include "nn/layer/convolution/depthwise_convolution.hpp"

namespace nn {

/// Options of Conv1D, with Keras' names and defaults.
struct Conv1DOptions {
  Index strides = 1;                 ///< steps from one window to the next, 1 .. 2^20
  Padding padding = Padding::valid;  ///< `same`: zeros at both ends, `causal`: all of them in front
  Index dilation_rate = 1;           ///< steps from one cell of a window to the next, 1 .. 2^20
  Index groups = 1;  ///< shares of the channels: filters read the channels of their own alone
  Activation activation = Activation::linear;            ///< act, applied to the results
  bool use_bias = true;                                  ///< add b
  Initializer kernel_initializer = GlorotUniform{};      ///< the first values of W
  Initializer bias_initializer = Zeros{};                ///< the first values of b
  Regularizer kernel_regularizer{}, bias_regularizer{};  ///< penalties on W and b in training
  Constraint kernel_constraint{}, bias_constraint{};     ///< where each update brings them back to
};

/// Convolution of sequences, in fact a cross-correlation (Keras: Conv1D).
///     y[n,i,f] = act(b[f] + sum_{u,c} x[n, i s + u d - p, c] W[u,c,f])
/// With causal padding y[n,i] depends on no step of x behind i s. With groups, c counts the
/// channels of the group of f.
/// Shapes    x [N, steps, C]   W [k, C / groups, filters]   b [filters]   y [N, out_steps, filters]
/// Backward  of dz = dy * act'(z):   dW[u,c,f] += sum_{n,i} x[n, i s + u d - p, c] dz[n,i,f]
///           db += sum_{n,i} dz   dx[n, i s + u d - p, c] = sum_f dz[n,i,f] W[u,c,f], summed over
///           all windows i that meet the step
/// Init      W: Glorot uniform (Glorot and Bengio 2010)   b: zero
/// Throws    std::invalid_argument for no filters, sizes outside 1 .. 2^20, strides and a dilation
///           at once, and filters that the groups can't share; ShapeError for samples that are not
///           [steps, C], are shorter than the kernel, or have channels that the groups can't share
template <Real T = float>
class Conv1D : public detail::SlidingConvolution<T, Conv1DOptions, detail::GroupedOrDepthwise<T>> {
  using Base = detail::SlidingConvolution<T, Conv1DOptions, detail::GroupedOrDepthwise<T>>;

 public:
  NN_COLD Conv1D(Index filters, Index kernel_size, const Conv1DOptions& options = {})
      : Base("Conv1D", filters, kernel_size, options) {}

  [[nodiscard]] static std::string name() { return "Conv1D"; }

  [[nodiscard]] static Conv1D from_arguments(const Arguments& a) {
    return Conv1D(a.get<Index>("filters"), a.get<Index>("kernel_size"),
                  detail::options_from<Conv1DOptions>(a));
  }
};

}  // namespace nn
