// SPDX-License-Identifier: MIT
// Two-dimensional convolution layer.
#pragma once

#include <string>

#include "nn/layer/convolution/convolution.hpp"

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
class Conv2D {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;
  static constexpr int output_rank = 4;

  NN_COLD Conv2D(Index filters, Size2D kernel_size, const Conv2DOptions& options = {})
      : filters_(filters), kernel_size_(kernel_size), options_(options) {
    detail::require_filters("Conv2D", filters, options.groups);
    require_window_numbers("Conv2D", "a kernel_size", kernel_size);
    require_window_numbers("Conv2D", "strides", options.strides);
    require_window_numbers("Conv2D", "a dilation_rate", options.dilation_rate);
    detail::require_stride_or_dilation("Conv2D", options.strides != Size2D{1},
                                       options.dilation_rate != Size2D{1});
  }

  [[nodiscard]] static std::string name() { return "Conv2D"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    const Size2D out = window_counts(name(), input, vertical(), horizontal(), options_.padding);
    detail::require_shared_channels("Conv2D", input, options_.groups);
    return {out.height, out.width, filters_};
  }

  static constexpr Promises promises = detail::Convolution<T>::promises;

  [[nodiscard]] Activation activation() const { return options_.activation; }

  [[nodiscard]] Index workspace_bytes(const Shape&, bool training) const {
    return detail::Convolution<T>::workspace_bytes(training);
  }

  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const Pass& pass) const {
    convolution(x, y).forward(x.data(), weights(), y.data(), pass);
  }
  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const kernels::Affine<T>& affine,
               const Pass& pass) const requires(kernels::has_simd<T>) {
    convolution(x, y).forward(x.data(), weights(), y.data(), affine, pass);
  }
  void backward(ConstTensorMap<T, 4> x, ConstTensorMap<T, 4> y, TensorMap<T, 4> dz,
                TensorMap<T, 4> dx, const Pass& pass) const {
    convolution(x, y).backward(x.data(), dz.data(), weights(), dx.data(), pass);
  }
  [[nodiscard]] kernels::ColumnReader<T>* dy_reader(ConstTensorMap<T, 4> x, ConstTensorMap<T, 4> y,
                                                    const Pass& pass) const
      requires(kernels::has_simd<T>) {
    return convolution(x, y).dy_reader("Conv2D", x.data(), weights(), pass);
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    list.add(W_, "kernel",
             {kernel_size_.height, kernel_size_.width, input.back() / options_.groups, filters_},
             options_.kernel_initializer,
             {options_.kernel_regularizer, options_.kernel_constraint});
    if (options_.use_bias) {
      list.add(b_, "bias", {filters_}, options_.bias_initializer,
               {options_.bias_regularizer, options_.bias_constraint});
    }
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}
        .set("filters", filters_)
        .set("kernel_size", kernel_size_)
        .set("strides", options_.strides)
        .set("padding", options_.padding)
        .set("dilation_rate", options_.dilation_rate)
        .set("groups", options_.groups)
        .set("activation", options_.activation)
        .set("use_bias", options_.use_bias)
        .set("kernel_initializer", options_.kernel_initializer)
        .set("bias_initializer", options_.bias_initializer)
        .set_rules(options_);
  }
  [[nodiscard]] static Conv2D from_arguments(const Arguments& a) {
    return Conv2D(
        a.get<Index>("filters"), a.get<Size2D>("kernel_size"),
        a.with_rules(Conv2DOptions{.strides = a.get<Size2D>("strides"),
                                   .padding = a.get<Padding>("padding"),
                                   .dilation_rate = a.get<Size2D>("dilation_rate"),
                                   .groups = a.has("groups") ? a.get<Index>("groups") : 1,
                                   .activation = a.get<Activation>("activation"),
                                   .use_bias = a.get<bool>("use_bias"),
                                   .kernel_initializer = a.get<Initializer>("kernel_initializer"),
                                   .bias_initializer = a.get<Initializer>("bias_initializer")}));
  }

 private:
  [[nodiscard]] detail::KernelAndBias<T> weights() const { return {W_, b_, options_.use_bias}; }
  [[nodiscard]] Window vertical() const {
    return {kernel_size_.height, options_.strides.height, options_.dilation_rate.height};
  }
  [[nodiscard]] Window horizontal() const {
    return {kernel_size_.width, options_.strides.width, options_.dilation_rate.width};
  }
  [[nodiscard]] detail::Convolution<T> convolution(const auto& x, const auto& y) const {
    return {detail::convolution_shape(x, y, vertical(), horizontal(), options_.padding),
            options_.groups};
  }

  Index filters_;
  Size2D kernel_size_;
  Conv2DOptions options_;
  Parameter<T, 4> W_;  // [kh, kw, C / groups, filters]
  Parameter<T, 1> b_;  // [filters]
};

}  // namespace nn
