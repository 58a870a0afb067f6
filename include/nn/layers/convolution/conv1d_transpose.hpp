// SPDX-License-Identifier: MIT
// One-dimensional transposed convolution layer.
#pragma once

#include <optional>
#include <string>

#include "nn/layer/convolution/transposed_convolution.hpp"

namespace nn {

/// Options of Conv1DTranspose, with Keras' names and defaults.
struct Conv1DTransposeOptions {
  Index strides = 1;                 ///< steps of y from one window to the next, 1 .. 2^20
  Padding padding = Padding::valid;  ///< `same`: y has stride times the steps of x
  /// Steps of y behind the last window, below the strides; none: as many as the other end needs for
  /// a convolution of y to give the steps of x.
  std::optional<Index> output_padding{};
  Index dilation_rate = 1;  ///< steps from one cell of a window to the next, 1 .. 2^20
  Activation activation = Activation::linear;            ///< act, applied to the results
  bool use_bias = true;                                  ///< add b
  Initializer kernel_initializer = GlorotUniform{};      ///< the first values of W
  Initializer bias_initializer = Zeros{};                ///< the first values of b
  Regularizer kernel_regularizer{}, bias_regularizer{};  ///< penalties on W and b in training
  Constraint kernel_constraint{}, bias_constraint{};     ///< where each update brings them back to
};

/// The transpose of a convolution, which lengthens sequences by its strides (Keras:
/// Conv1DTranspose).
///     y[n, i s + u d - p, f] = act(b[f] + sum_c x[n,i,c] W[u,f,c]), summed over all windows i that
///     meet the step of y
/// Shapes    x [N, steps, C]   W [k, filters, C]   b [filters]   y [N, out_steps, filters]
/// Backward  of dz = dy * act'(z):   dW[u,f,c] += sum_{n,i} x[n,i,c] dz[n, i s + u d - p, f]
///           db += sum dz   dx[n,i,c] = sum_{u,f} dz[n, i s + u d - p, f] W[u,f,c]
/// Init      W: Glorot uniform (Glorot and Bengio 2010)   b: zero
/// Throws    std::invalid_argument for no filters, sizes outside 1 .. 2^20, strides and a dilation
///           at once, and an output_padding that is not below the strides; ShapeError for samples
///           that are not [steps, C] or have no steps or channels
template <Real T = float>
class Conv1DTranspose : public detail::TransposedLayer<T, Conv1DTransposeOptions> {
 public:
  NN_COLD Conv1DTranspose(Index filters, Index kernel_size,
                          const Conv1DTransposeOptions& options = {})
      : detail::TransposedLayer<T, Conv1DTransposeOptions>("Conv1DTranspose", filters, kernel_size,
                                                           options) {}

  [[nodiscard]] static std::string name() { return "Conv1DTranspose"; }

  [[nodiscard]] static Conv1DTranspose from_arguments(const Arguments& a) {
    return Conv1DTranspose(a.get<Index>("filters"), a.get<Index>("kernel_size"),
                           detail::options_from<Conv1DTransposeOptions>(a));
  }
};

}  // namespace nn
