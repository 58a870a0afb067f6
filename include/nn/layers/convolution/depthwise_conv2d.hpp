// SPDX-License-Identifier: MIT
// Depthwise convolution layer.
#pragma once

#include <array>
#include <string>

#include "nn/core/checked.hpp"
#include "nn/kernels/depthwise/depthwise.hpp"
#include "nn/layer/convolution/convolution.hpp"
#include "nn/layer/convolution/convolution_options.hpp"

namespace nn {

/// Options of DepthwiseConv2D, with Keras' names and defaults. One number as a size means both
/// directions.
struct DepthwiseConv2DOptions {
  Size2D strides = 1;                ///< pixels from one window to the next, 1 .. 2^20
  Padding padding = Padding::valid;  ///< `same`: zeros around the image, OH = ceil(H / stride)
  Index depth_multiplier = 1;        ///< m, the kernels of each channel
  Size2D dilation_rate = 1;          ///< pixels from one cell of a window to the next, 1 .. 2^20
  Activation activation = Activation::linear;               ///< act, applied to the results
  bool use_bias = true;                                     ///< add b
  Initializer depthwise_initializer = GlorotUniform{};      ///< the first values of W
  Initializer bias_initializer = Zeros{};                   ///< the first values of b
  Regularizer depthwise_regularizer{}, bias_regularizer{};  ///< penalties on W and b in training
  Constraint depthwise_constraint{}, bias_constraint{};  ///< where each update brings them back to
};

/// Convolution of each channel of images by itself (Keras: DepthwiseConv2D).
///     y[n,i,j,c m + k] = act(b[c m + k] + sum_{u,v} x[n, i s + u d - p, j s + v d - p, c]
///     W[u,v,c,k])
/// Shapes    x [N, H, W, C]   W [kh, kw, C, m]   b [C m]   y [N, OH, OW, C m]
/// Backward  of dz = dy * act'(z):   dW[u,v,c,k] += sum_{n,i,j} x[n, i s + u d - p, ...] dz[n,i,j,c
/// m + k]
///           db += sum_{n,i,j} dz   dx[n, i s + u d - p, ..., c] = sum_k dz[n,i,j,c m + k]
///           W[u,v,c,k], summed over all windows (i, j) that meet the pixel
/// Init      W: Glorot uniform (Glorot and Bengio 2010)   b: zero
/// Throws    std::invalid_argument for sizes outside 1 .. 2^20; ShapeError for samples that are not
///           [H, W, C], have no channels or are smaller than the kernel
template <Real T = float>
class DepthwiseConv2D {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;
  static constexpr int output_rank = 4;

  NN_COLD explicit DepthwiseConv2D(Size2D kernel_size, const DepthwiseConv2DOptions& options = {})
      : kernel_size_(kernel_size), options_(options) {
    detail::require_sizes("DepthwiseConv2D", kernel_size, options);
  }

  [[nodiscard]] static std::string name() { return "DepthwiseConv2D"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    const auto [vertical, horizontal] = windows();
    const Size2D out = window_counts(name(), input, vertical, horizontal, options_.padding);
    return {out.height, out.width, checked_product({input.back(), options_.depth_multiplier})};
  }

  static constexpr Promises promises{.applies_activation = true,
                                     .applies_affine = kernels::has_simd<T>,
                                     .masks_dx = true,
                                     .assigns_gradients = true};

  [[nodiscard]] Activation activation() const { return options_.activation; }

  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const Pass& pass) const {
    forward(x, y, kernels::Affine<T>{}, pass);
  }
  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const kernels::Affine<T>& affine,
               const Pass& pass) const {
    // y = W * x + b, or act of it
    const T* const b = options_.use_bias ? b_.value().data() : nullptr;
    kernels::depthwise_conv2d(geometry(x, y), x.data(), W_.value().data(), b, affine,
                              pass.activation, y.data());
  }

  void backward(ConstTensorMap<T, 4> x, ConstTensorMap<T, 4> y, TensorMap<T, 4> dz,
                TensorMap<T, 4> dx, const Pass& pass) const {
    const kernels::Conv2DShape shape = geometry(x, y);
    // dW += x * dz,  db += sum of dz
    if (!pass.is_frozen) {
      kernels::depthwise_kernel_gradient(shape, x.data(), dz.data(), W_.gradient().data(),
                                         options_.use_bias ? b_.gradient().data() : nullptr,
                                         pass.accumulate);
    }
    // dx = dz spread by W
    if (pass.needs_dx) {
      kernels::depthwise_input_gradient(shape, dz.data(), W_.value().data(), mask_of(pass, x),
                                        dx.data());
    }
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    const Index channels = input.back(), multiplier = options_.depth_multiplier;
    list.add(W_, "kernel", {kernel_size_.height, kernel_size_.width, channels, multiplier},
             options_.depthwise_initializer,
             {options_.depthwise_regularizer, options_.depthwise_constraint});
    detail::add_bias(list, b_, channels * multiplier, options_);
  }

  [[nodiscard]] Arguments arguments() const {
    return detail::with_options(Arguments{name()}.set("kernel_size", kernel_size_), options_);
  }
  [[nodiscard]] static DepthwiseConv2D from_arguments(const Arguments& a) {
    return DepthwiseConv2D(a.get<Size2D>("kernel_size"),
                           detail::options_from<DepthwiseConv2DOptions>(a));
  }

 private:
  [[nodiscard]] std::array<Window, 2> windows() const {
    return detail::windows_of(kernel_size_, options_);
  }
  [[nodiscard]] kernels::Conv2DShape geometry(const auto& x, const auto& y) const {
    return detail::convolution_shape(x, y, windows(), options_.padding);
  }

  Size2D kernel_size_;
  DepthwiseConv2DOptions options_;
  Parameter<T, 4> W_;  // [kh, kw, C, m]
  Parameter<T, 1> b_;  // [C m]
};

}  // namespace nn
