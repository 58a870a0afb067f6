// SPDX-License-Identifier: MIT
// Two-dimensional transposed convolution layer.
#pragma once

#include <optional>
#include <string>

#include "nn/layer/convolution/transposed_convolution.hpp"

namespace nn {

/// Options of Conv2DTranspose, with Keras' names and defaults. One number as a size means both
/// directions.
struct Conv2DTransposeOptions {
  Size2D strides = 1;                ///< pixels of y from one window to the next, 1 .. 2^20
  Padding padding = Padding::valid;  ///< `same`: OH = H stride
  /// Pixels of y behind the last window, below the strides; none: as many as the other end needs
  /// for a convolution of y to give the size of x.
  std::optional<Size2D> output_padding{};
  Size2D dilation_rate = 1;  ///< pixels from one cell of a window to the next, 1 .. 2^20
  Activation activation = Activation::linear;            ///< act, applied to the results
  bool use_bias = true;                                  ///< add b
  Initializer kernel_initializer = GlorotUniform{};      ///< the first values of W
  Initializer bias_initializer = Zeros{};                ///< the first values of b
  Regularizer kernel_regularizer{}, bias_regularizer{};  ///< penalties on W and b in training
  Constraint kernel_constraint{}, bias_constraint{};     ///< where each update brings them back to
};

/// The transpose of a convolution, which enlarges images by its strides (Keras: Conv2DTranspose).
///     y[n, i s + u d - p, j s + v d - p, f] = act(b[f] + sum_c x[n,i,j,c] W[u,v,f,c]),
///     summed over all windows (i, j) that meet the pixel of y
/// Shapes    x [N, H, W, C]   W [kh, kw, filters, C]   b [filters]   y [N, OH, OW, filters]
/// Backward  of dz = dy * act'(z):   dW[u,v,f,c] += sum_{n,i,j} x[n,i,j,c] dz[n, i s + u d - p,
/// ..., f]
///           db += sum dz   dx[n,i,j,c] = sum_{u,v,f} dz[n, i s + u d - p, ..., f] W[u,v,f,c]
/// Init      W: Glorot uniform (Glorot and Bengio 2010)   b: zero
/// Throws    std::invalid_argument for no filters, sizes outside 1 .. 2^20, strides and a dilation
///           at once, and an output_padding that is not below the strides; ShapeError for samples
///           that are not [H, W, C] or have no pixels or channels
template <Real T = float>
class Conv2DTranspose : public detail::TransposedLayer<T, Conv2DTransposeOptions> {
 public:
  NN_COLD Conv2DTranspose(Index filters, Size2D kernel_size,
                          const Conv2DTransposeOptions& options = {})
      : detail::TransposedLayer<T, Conv2DTransposeOptions>("Conv2DTranspose", filters, kernel_size,
                                                           options) {}

  [[nodiscard]] static std::string name() { return "Conv2DTranspose"; }

  [[nodiscard]] static Conv2DTranspose from_arguments(const Arguments& a) {
    return Conv2DTranspose(a.get<Index>("filters"), a.get<Size2D>("kernel_size"),
                           detail::options_from<Conv2DTransposeOptions>(a));
  }
};

}  // namespace nn
