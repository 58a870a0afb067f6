// SPDX-License-Identifier: MIT
// Three-dimensional convolution layer.
#pragma once

#include <string>

#include "nn/layer/convolution/stacked_convolution.hpp"

namespace nn {

/// Options of Conv3D, with Keras' names and defaults. One number as a size means all directions.
struct Conv3DOptions {
  Size3D strides = 1;                ///< voxels from one window to the next, 1 .. 2^20
  Padding padding = Padding::valid;  ///< `same`: zeros around the volume, OD = ceil(D / stride)
  Size3D dilation_rate = 1;          ///< voxels from one cell of a window to the next, 1 .. 2^20
  Index groups = 1;  ///< shares of the channels: filters read the channels of their own alone
  Activation activation = Activation::linear;            ///< act, applied to the results
  bool use_bias = true;                                  ///< add b
  Initializer kernel_initializer = GlorotUniform{};      ///< the first values of W
  Initializer bias_initializer = Zeros{};                ///< the first values of b
  Regularizer kernel_regularizer{}, bias_regularizer{};  ///< penalties on W and b in training
  Constraint kernel_constraint{}, bias_constraint{};     ///< where each update brings them back to
};

/// Convolution of volumes or videos, in fact a cross-correlation (Keras: Conv3D).
///     y[n,h,i,j,f] = act(b[f] + sum_{t,u,v,c} x[n, h s + t d - p, i s + u d - p, j s + v d - p, c]
///                                             W[t,u,v,c,f])
/// With groups, c counts the channels of the group of f.
/// Shapes    x [N, D, H, W, C]   W [kd, kh, kw, C / groups, filters]   b [filters]
///           y [N, OD, OH, OW, filters]
/// Backward  as of Conv2D, with one more direction
/// Cost      the frames under the windows are copied beside each other, some at a time
/// Init      W: Glorot uniform (Glorot and Bengio 2010)   b: zero
/// Throws    std::invalid_argument for no filters, sizes outside 1 .. 2^20, strides and a dilation
///           at once, and filters that the groups can't share; ShapeError for samples that are not
///           [D, H, W, C], are smaller than the kernel, or have channels that the groups can't
///           share
template <Real T = float>
class Conv3D : public detail::ConvolutionLayer<T, Conv3DOptions> {
  using Base = detail::ConvolutionLayer<T, Conv3DOptions>;

 public:
  NN_COLD Conv3D(Index filters, Size3D kernel_size, const Conv3DOptions& options = {})
      : Base("Conv3D", filters, kernel_size, options) {}

  [[nodiscard]] static std::string name() { return "Conv3D"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    if (input.rank() != 4) {
      refuse<ShapeError>({name(), "samples [depth, height, width, channels]", input.to_string(), "",
                          "use volumes [N, depth, height, width, channels]"});
    }
    const auto [along_depth, vertical, horizontal] = this->windows();
    const Padding padding = this->options_.padding;
    const Size2D out =
        window_counts(name(), {input[1], input[2], input[3]}, vertical, horizontal, padding);
    const Index frames = along_depth.count(input[0], padding);
    if (frames <= 0) {
      refuse<ShapeError>({name(),
                          {"a depth of at least ", along_depth.extent()},
                          input.to_string(),
                          "padding valid",
                          "use smaller windows or nn::Padding::same"});
    }
    detail::require_shared_channels("Conv3D", input, this->options_.groups);
    return {frames, out.height, out.width, this->filters_};
  }

  static constexpr Promises promises{.applies_activation = true,
                                     .applies_affine = kernels::has_simd<T>,
                                     .masks_dx = true,
                                     .assigns_gradients = true};

  void forward(ConstTensorMap<T, 5> x, TensorMap<T, 5> y, const Pass& pass) const {
    convolution(x, y).forward(
        x.data(), this->weights(), y.data(),
        [&](const detail::Convolution<T>& part, const T* stacks, const auto& stacked, T* result) {
          part.forward(stacks, stacked, result, pass);
        });
  }
  void forward(ConstTensorMap<T, 5> x, TensorMap<T, 5> y, const kernels::Affine<T>& affine,
               const Pass& pass) const requires(kernels::has_simd<T>) {
    convolution(x, y).forward(
        x.data(), this->weights(), y.data(),
        [&](const detail::Convolution<T>& part, const T* stacks, const auto& stacked, T* result) {
          part.forward(stacks, stacked, result, affine, pass);
        });
  }
  void backward(ConstTensorMap<T, 5> x, ConstTensorMap<T, 5> y, TensorMap<T, 5> dz,
                TensorMap<T, 5> dx, const Pass& pass) const {
    convolution(x, y).backward(x.data(), dz.data(), this->weights(), dx.data(), pass);
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    this->add_weights(list, input.back() / this->options_.groups, this->filters_);
  }

  [[nodiscard]] static Conv3D from_arguments(const Arguments& a) {
    return Conv3D(a.get<Index>("filters"), a.get<Size3D>("kernel_size"),
                  detail::options_from<Conv3DOptions>(a));
  }

 private:
  [[nodiscard]] detail::StackedConvolution<T> convolution(const auto& x, const auto& y) const {
    const auto [along_depth, vertical, horizontal] = this->windows();
    const Padding padding = this->options_.padding;
    const Index depth = x.dimension(1);
    return {
        {.frame = detail::convolution_shape(frames(x), frames(y), {vertical, horizontal}, padding),
         .groups = this->options_.groups,
         .depth = depth,
         .kernel_depth = along_depth.size,
         .out_depth = y.dimension(1),
         .stride = along_depth.stride,
         .pad = along_depth.pad_before(depth, padding),
         .dilation = along_depth.dilation}};
  }
  /// [N, H, W, channels] of [N, D, H, W, channels]: the first frames, for their sizes.
  [[nodiscard]] static ConstTensorMap<T, 4> frames(const auto& x) {
    return {x.data(), x.dimension(0), x.dimension(2), x.dimension(3), x.dimension(4)};
  }
};

}  // namespace nn
