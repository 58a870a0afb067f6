// SPDX-License-Identifier: MIT
// Two-dimensional convolution layer.
#pragma once

#include <string>

#include "nn/layer/convolution/convolution_layer.hpp"

namespace nn {

/// Options of Conv2D, with Keras' names and defaults. One number as a size means both directions.
struct Conv2DOptions {
  Size2D strides = 1;                ///< pixels from one window to the next, 1 .. 2^20
  Padding padding = Padding::valid;  ///< `same`: zeros around the image, OH = ceil(H / stride)
  Size2D dilation_rate = 1;          ///< pixels from one cell of a window to the next, 1 .. 2^20
  Index groups = 1;  ///< shares of the channels: filters read the channels of their own alone
  Activation activation = Activation::linear;            ///< act, applied to the results
  bool use_bias = true;                                  ///< add b
  Initializer kernel_initializer = GlorotUniform{};      ///< the first values of W
  Initializer bias_initializer = Zeros{};                ///< the first values of b
  Regularizer kernel_regularizer{}, bias_regularizer{};  ///< penalties on W and b in training
  Constraint kernel_constraint{}, bias_constraint{};     ///< where each update brings them back to
};

/// Convolution of images, in fact a cross-correlation: the kernel is not flipped (Keras: Conv2D).
///     y[n,i,j,f] = act(b[f] + sum_{u,v,c} x[n, i s + u d - p, j s + v d - p, c] W[u,v,c,f])
/// With groups, c counts the channels of the group of f.
/// Shapes    x [N, H, W, C]   W [kh, kw, C / groups, filters]   b [filters]
///           y [N, OH, OW, filters]
/// Backward  of dz = dy * act'(z):
///           dW[u,v,c,f] += sum_{n,i,j} x[n, i s + u d - p, ...] dz[n,i,j,f]
///           db += sum_{n,i,j} dz   dx[n, i s + u d - p, ..., c] = sum_f dz[n,i,j,f] W[u,v,c,f],
///           summed over all windows (i, j) that meet the pixel
/// Init      W: Glorot uniform (Glorot and Bengio 2010)   b: zero
/// Throws    std::invalid_argument for no filters, sizes outside 1 .. 2^20, strides and a dilation
///           at once, and filters that the groups can't share; ShapeError for samples that are not
///           [H, W, C], are smaller than the kernel, or have channels that the groups can't share
template <Real T = float>
class Conv2D : public detail::SlidingConvolution<T, Conv2DOptions> {
 public:
  NN_COLD Conv2D(Index filters, Size2D kernel_size, const Conv2DOptions& options = {})
      : detail::SlidingConvolution<T, Conv2DOptions>("Conv2D", filters, kernel_size, options) {}

  [[nodiscard]] static std::string name() { return "Conv2D"; }

  [[nodiscard]] static Conv2D from_arguments(const Arguments& a) {
    return Conv2D(a.get<Index>("filters"), a.get<Size2D>("kernel_size"),
                  detail::options_from<Conv2DOptions>(a));
  }
};

}  // namespace nn
