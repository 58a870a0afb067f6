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
class Conv2DTranspose {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;
  static constexpr int output_rank = 4;

  NN_COLD Conv2DTranspose(Index filters, Size2D kernel_size,
                          const Conv2DTransposeOptions& options = {})
      : filters_(filters), kernel_size_(kernel_size), options_(options) {
    constexpr const char* where = "Conv2DTranspose";
    detail::require_filters(where, filters, 1);
    require_window_numbers(where, "a kernel_size", kernel_size);
    require_window_numbers(where, "strides", options.strides);
    require_window_numbers(where, "a dilation_rate", options.dilation_rate);
    detail::require_stride_or_dilation(where, options.strides != Size2D{1},
                                       options.dilation_rate != Size2D{1});
    detail::require_windows(where, vertical());
    detail::require_windows(where, horizontal());
  }

  [[nodiscard]] static std::string name() { return "Conv2DTranspose"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    if (input.rank() != 3 || input.back() == 0) {
      refuse<ShapeError>({name(), "samples [height, width, channels], at least one channel",
                          input.to_string(), "", "use images [N, height, width, channels]"});
    }
    return {detail::transposed_size(name(), input, 0, vertical()),
            detail::transposed_size(name(), input, 1, horizontal()), filters_};
  }

  static constexpr Promises promises = detail::TransposedConvolution<T>::promises;

  [[nodiscard]] Activation activation() const { return options_.activation; }

  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const Pass& pass) const {
    convolution(x, y).forward(x.data(), weights(), y.data(), pass);
  }
  void backward(ConstTensorMap<T, 4> x, ConstTensorMap<T, 4> y, TensorMap<T, 4> dz,
                TensorMap<T, 4> dx, const Pass& pass) const {
    convolution(x, y).backward(x.data(), dz.data(), weights(), dx.data(), pass);
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    list.add(W_, "kernel", {kernel_size_.height, kernel_size_.width, filters_, input.back()},
             options_.kernel_initializer,
             {options_.kernel_regularizer, options_.kernel_constraint});
    if (options_.use_bias) {
      list.add(b_, "bias", {filters_}, options_.bias_initializer,
               {options_.bias_regularizer, options_.bias_constraint});
    }
  }

  [[nodiscard]] Arguments arguments() const {
    Arguments a{name()};
    a.set("filters", filters_)
        .set("kernel_size", kernel_size_)
        .set("strides", options_.strides)
        .set("padding", options_.padding);
    if (options_.output_padding) a.set("output_padding", *options_.output_padding);
    return a.set("dilation_rate", options_.dilation_rate)
        .set("activation", options_.activation)
        .set("use_bias", options_.use_bias)
        .set("kernel_initializer", options_.kernel_initializer)
        .set("bias_initializer", options_.bias_initializer)
        .set_rules(options_);
  }
  [[nodiscard]] static Conv2DTranspose from_arguments(const Arguments& a) {
    Conv2DTransposeOptions options{.strides = a.get<Size2D>("strides"),
                                   .padding = a.get<Padding>("padding"),
                                   .dilation_rate = a.get<Size2D>("dilation_rate"),
                                   .activation = a.get<Activation>("activation"),
                                   .use_bias = a.get<bool>("use_bias"),
                                   .kernel_initializer = a.get<Initializer>("kernel_initializer"),
                                   .bias_initializer = a.get<Initializer>("bias_initializer")};
    if (a.has("output_padding")) options.output_padding = a.get<Size2D>("output_padding");
    return Conv2DTranspose(a.get<Index>("filters"), a.get<Size2D>("kernel_size"),
                           a.with_rules(options));
  }

 private:
  using TransposedWindow = detail::TransposedWindow;

  [[nodiscard]] detail::KernelAndBias<T> weights() const { return {W_, b_, options_.use_bias}; }
  [[nodiscard]] TransposedWindow vertical() const {
    TransposedWindow windows{
        {kernel_size_.height, options_.strides.height, options_.dilation_rate.height},
        options_.padding,
        {}};
    if (options_.output_padding) windows.output_padding = options_.output_padding->height;
    return windows;
  }
  [[nodiscard]] TransposedWindow horizontal() const {
    TransposedWindow windows{
        {kernel_size_.width, options_.strides.width, options_.dilation_rate.width},
        options_.padding,
        {}};
    if (options_.output_padding) windows.output_padding = options_.output_padding->width;
    return windows;
  }
  [[nodiscard]] detail::TransposedConvolution<T> convolution(const auto& x, const auto& y) const {
    const TransposedWindow rows = vertical(), cols = horizontal();
    kernels::Conv2DShape from_y =
        detail::convolution_shape(y, x, rows.window, cols.window, Padding::valid);
    from_y.pad_top = rows.pad_before(x.dimension(1));
    from_y.pad_left = cols.pad_before(x.dimension(2));
    return {from_y};
  }

  Index filters_;
  Size2D kernel_size_;
  Conv2DTransposeOptions options_;
  Parameter<T, 4> W_;  // [kh, kw, filters, C]
  Parameter<T, 1> b_;  // [filters]
};

}  // namespace nn
