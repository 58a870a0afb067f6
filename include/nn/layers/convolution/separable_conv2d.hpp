// SPDX-License-Identifier: MIT
// Depthwise separable convolution layer.
#pragma once

#include <array>
#include <string>

#include "nn/core/checked.hpp"
#include "nn/core/memory.hpp"
#include "nn/kernels/depthwise/depthwise.hpp"
#include "nn/layer/convolution/convolution.hpp"
#include "nn/layer/convolution/convolution_options.hpp"

namespace nn {

/// Options of SeparableConv2D, with Keras' names and defaults. One number as a size means both
/// directions.
struct SeparableConv2DOptions {
  Size2D strides = 1;                ///< pixels from one window to the next, 1 .. 2^20
  Padding padding = Padding::valid;  ///< `same`: zeros around the image, OH = ceil(H / stride)
  Size2D dilation_rate = 1;          ///< pixels from one cell of a window to the next, 1 .. 2^20
  Index depth_multiplier = 1;        ///< m, the kernels of each channel
  Activation activation = Activation::linear;           ///< act, applied to the results
  bool use_bias = true;                                 ///< add b
  Initializer depthwise_initializer = GlorotUniform{};  ///< the first values of D
  Initializer pointwise_initializer = GlorotUniform{};  ///< the first values of P
  Initializer bias_initializer = Zeros{};               ///< the first values of b
  /// Penalties on D, P and b in training.
  Regularizer depthwise_regularizer{}, pointwise_regularizer{}, bias_regularizer{};
  /// Where each update brings them back to.
  Constraint depthwise_constraint{}, pointwise_constraint{}, bias_constraint{};
};

/// Convolution of each channel of images by itself, then of all channels of each pixel (Chollet
/// 2017; Keras: SeparableConv2D).
///     z[n,i,j,c m + k] = sum_{u,v} x[n, i s + u d - p, j s + v d - p, c] D[u,v,c,k]
///     y[n,i,j,f] = act(b[f] + sum_q z[n,i,j,q] P[q,f])
/// Shapes    x [N, H, W, C]   D [kh, kw, C, m]   P [1, 1, C m, filters]   b [filters]
///           z [N, OH, OW, C m]   y [N, OH, OW, filters]
/// Backward  of dy in front of act: dP += z^T dy   db += sum dy   dz = dy P^T; D and x follow from
///           dz as in DepthwiseConv2D
/// Init      D, P: Glorot uniform (Glorot and Bengio 2010)   b: zero
/// Throws    std::invalid_argument for no filters and sizes outside 1 .. 2^20; ShapeError for
///           samples that are not [H, W, C], have no channels or are smaller than the kernel
template <Real T = float>
class SeparableConv2D {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;
  static constexpr int output_rank = 4;

  NN_COLD SeparableConv2D(Index filters, Size2D kernel_size,
                          const SeparableConv2DOptions& options = {})
      : filters_(filters), kernel_size_(kernel_size), options_(options) {
    detail::require_filters("SeparableConv2D", filters, 1);
    detail::require_sizes("SeparableConv2D", kernel_size, options);
  }

  [[nodiscard]] static std::string name() { return "SeparableConv2D"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    const auto [vertical, horizontal] = windows();
    const Size2D out = window_counts(name(), input, vertical, horizontal, options_.padding);
    return {out.height, out.width, filters_};
  }

  static constexpr Promises promises{.applies_activation = true,
                                     .applies_affine = kernels::has_simd<T>,
                                     .masks_dx = true,
                                     .assigns_gradients = true};

  [[nodiscard]] Activation activation() const { return options_.activation; }

  /// z, and in training dz behind it.
  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    const Shape y = output_shape({x[1], x[2], x[3]});
    return bytes_of<T>(training ? Index{2} : Index{1}, x[0], y[0], y[1], depth(x[3]));
  }

  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const Pass& pass) const {
    pointwise(x, y).forward(channel_by_channel(x, y, pass), weights(), y.data(), pass);
  }
  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const kernels::Affine<T>& affine,
               const Pass& pass) const requires(kernels::has_simd<T>) {
    pointwise(x, y).forward(channel_by_channel(x, y, pass), weights(), y.data(), affine, pass);
  }

  void backward(ConstTensorMap<T, 4> x, ConstTensorMap<T, 4> y, TensorMap<T, 4> dy,
                TensorMap<T, 4> dx, const Pass& pass) const {
    const kernels::Conv2DShape shape = depthwise(x, y);
    T* const z = reinterpret_cast<T*>(pass.memory);
    T* const dz = z + shape.batch * shape.output_size();
    // dP += z^T dy   db += sum dy   dz = dy P^T
    Pass inner = pass;
    inner.needs_dx = pass.needs_dx || !pass.is_frozen;
    inner.dx_is_masked = false;
    pointwise(x, y).backward(z, dy.data(), weights(), dz, inner);
    // dD += x * dz
    if (!pass.is_frozen) {
      kernels::depthwise_kernel_gradient(shape, x.data(), dz, D_.gradient().data(), nullptr,
                                         pass.accumulate);
    }
    // dx = dz spread by D
    if (!pass.needs_dx) return;
    kernels::depthwise_input_gradient(shape, dz, D_.value().data(), mask_of(pass, x), dx.data());
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    const Index channels = input.back(), multiplier = options_.depth_multiplier;
    list.add(D_, "depthwise_kernel",
             {kernel_size_.height, kernel_size_.width, channels, multiplier},
             options_.depthwise_initializer,
             {options_.depthwise_regularizer, options_.depthwise_constraint});
    list.add(P_, "pointwise_kernel", {1, 1, depth(channels), filters_},
             options_.pointwise_initializer,
             {options_.pointwise_regularizer, options_.pointwise_constraint});
    detail::add_bias(list, b_, filters_, options_);
  }

  [[nodiscard]] Arguments arguments() const {
    return detail::with_options(
        Arguments{name()}.set("filters", filters_).set("kernel_size", kernel_size_), options_);
  }
  [[nodiscard]] static SeparableConv2D from_arguments(const Arguments& a) {
    return SeparableConv2D(a.get<Index>("filters"), a.get<Size2D>("kernel_size"),
                           detail::options_from<SeparableConv2DOptions>(a));
  }

 private:
  [[nodiscard]] detail::KernelAndBias<T> weights() const { return {P_, b_, options_.use_bias}; }
  [[nodiscard]] Index depth(Index channels) const {
    return checked_product({channels, options_.depth_multiplier});
  }
  [[nodiscard]] std::array<Window, 2> windows() const {
    return detail::windows_of(kernel_size_, options_);
  }
  /// From x to z.
  [[nodiscard]] kernels::Conv2DShape depthwise(const auto& x, const auto& y) const {
    kernels::Conv2DShape shape = detail::convolution_shape(x, y, windows(), options_.padding);
    shape.out_channels = depth(x.dimension(3));
    return shape;
  }
  /// From z to y.
  [[nodiscard]] detail::Convolution<T> pointwise(const auto& x, const auto& y) const {
    kernels::Conv2DShape shape =
        detail::convolution_shape(y, y, {Window{1, 1}, Window{1, 1}}, options_.padding);
    shape.in_channels = depth(x.dimension(3));
    return {shape, 1};
  }
  /// z, in the memory of the pass.
  [[nodiscard]] const T* channel_by_channel(ConstTensorMap<T, 4> x, const auto& y,
                                            const Pass& pass) const {
    const kernels::Conv2DShape shape = depthwise(x, y);
    pass.require_memory("SeparableConv2D", bytes_of<T>(shape.batch, shape.output_size()));
    T* const z = reinterpret_cast<T*>(pass.memory);
    kernels::depthwise_conv2d<T>(shape, x.data(), D_.value().data(), nullptr, {},
                                 Activation::linear, z);
    return z;
  }

  Index filters_;
  Size2D kernel_size_;
  SeparableConv2DOptions options_;
  Parameter<T, 4> D_;  // [kh, kw, C, m]
  Parameter<T, 4> P_;  // [1, 1, C m, filters]
  Parameter<T, 1> b_;  // [filters]
};

}  // namespace nn
