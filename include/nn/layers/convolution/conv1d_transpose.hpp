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
class Conv1DTranspose {
 public:
  using Scalar = T;
  static constexpr int input_rank = 3;
  static constexpr int output_rank = 3;

  NN_COLD Conv1DTranspose(Index filters, Index kernel_size,
                          const Conv1DTransposeOptions& options = {})
      : filters_(filters), kernel_size_(kernel_size), options_(options) {
    constexpr const char* where = "Conv1DTranspose";
    detail::require_filters(where, filters, 1);
    require_window_number(where, "a kernel_size", kernel_size);
    require_window_number(where, "strides", options.strides);
    require_window_number(where, "a dilation_rate", options.dilation_rate);
    detail::require_stride_or_dilation(where, options.strides > 1, options.dilation_rate > 1);
    detail::require_windows(where, windows());
  }

  [[nodiscard]] static std::string name() { return "Conv1DTranspose"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    if (input.rank() != 2 || input.back() == 0) {
      refuse<ShapeError>({name(), "samples [steps, channels], at least one channel",
                          input.to_string(), "", "use sequences [N, steps, channels]"});
    }
    return {detail::transposed_size(name(), input, 0, windows()), filters_};
  }

  static constexpr Promises promises = detail::TransposedConvolution<T>::promises;

  [[nodiscard]] Activation activation() const { return options_.activation; }

  void forward(ConstTensorMap<T, 3> x, TensorMap<T, 3> y, const Pass& pass) const {
    convolution(x, y).forward(x.data(), weights(), y.data(), pass);
  }
  void backward(ConstTensorMap<T, 3> x, ConstTensorMap<T, 3> y, TensorMap<T, 3> dz,
                TensorMap<T, 3> dx, const Pass& pass) const {
    convolution(x, y).backward(x.data(), dz.data(), weights(), dx.data(), pass);
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    list.add(W_, "kernel", {kernel_size_, filters_, input.back()}, options_.kernel_initializer,
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
  [[nodiscard]] static Conv1DTranspose from_arguments(const Arguments& a) {
    Conv1DTransposeOptions options{.strides = a.get<Index>("strides"),
                                   .padding = a.get<Padding>("padding"),
                                   .dilation_rate = a.get<Index>("dilation_rate"),
                                   .activation = a.get<Activation>("activation"),
                                   .use_bias = a.get<bool>("use_bias"),
                                   .kernel_initializer = a.get<Initializer>("kernel_initializer"),
                                   .bias_initializer = a.get<Initializer>("bias_initializer")};
    if (a.has("output_padding")) options.output_padding = a.get<Index>("output_padding");
    return Conv1DTranspose(a.get<Index>("filters"), a.get<Index>("kernel_size"),
                           a.with_rules(options));
  }

 private:
  [[nodiscard]] detail::KernelAndBias<T> weights() const { return {W_, b_, options_.use_bias}; }
  [[nodiscard]] detail::TransposedWindow windows() const {
    return {{kernel_size_, options_.strides, options_.dilation_rate},
            options_.padding,
            options_.output_padding};
  }
  [[nodiscard]] detail::TransposedConvolution<T> convolution(const auto& x, const auto& y) const {
    kernels::Conv2DShape from_y = detail::convolution_shape(y, x, windows().window, Padding::valid);
    from_y.pad_left = windows().pad_before(x.dimension(1));
    return {from_y};
  }

  Index filters_, kernel_size_;
  Conv1DTransposeOptions options_;
  Parameter<T, 3> W_;  // [k, filters, C]
  Parameter<T, 1> b_;  // [filters]
};

}  // namespace nn
