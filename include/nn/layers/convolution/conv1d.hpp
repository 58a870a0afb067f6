// SPDX-License-Identifier: MIT
// One-dimensional convolution layer.
#pragma once

#include <string>

#include "nn/layer/convolution/convolution.hpp"

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
class Conv1D {
 public:
  using Scalar = T;
  static constexpr int input_rank = 3;
  static constexpr int output_rank = 3;

  NN_COLD Conv1D(Index filters, Index kernel_size, const Conv1DOptions& options = {})
      : filters_(filters), kernel_size_(kernel_size), options_(options) {
    detail::require_filters("Conv1D", filters, options.groups);
    require_window_number("Conv1D", "a kernel_size", kernel_size);
    require_window_number("Conv1D", "strides", options.strides);
    require_window_number("Conv1D", "a dilation_rate", options.dilation_rate);
    detail::require_stride_or_dilation("Conv1D", options.strides > 1, options.dilation_rate > 1);
  }

  [[nodiscard]] static std::string name() { return "Conv1D"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    const Index steps = window_count(name(), input, window(), options_.padding);
    detail::require_shared_channels("Conv1D", input, options_.groups);
    return {steps, filters_};
  }

  static constexpr Promises promises = detail::Convolution<T>::promises;

  [[nodiscard]] Activation activation() const { return options_.activation; }

  [[nodiscard]] Index workspace_bytes(const Shape&, bool training) const {
    return detail::Convolution<T>::workspace_bytes(training);
  }

  void forward(ConstTensorMap<T, 3> x, TensorMap<T, 3> y, const Pass& pass) const {
    convolution(x, y).forward(x.data(), weights(), y.data(), pass);
  }
  void forward(ConstTensorMap<T, 3> x, TensorMap<T, 3> y, const kernels::Affine<T>& affine,
               const Pass& pass) const requires(kernels::has_simd<T>) {
    convolution(x, y).forward(x.data(), weights(), y.data(), affine, pass);
  }
  void backward(ConstTensorMap<T, 3> x, ConstTensorMap<T, 3> y, TensorMap<T, 3> dz,
                TensorMap<T, 3> dx, const Pass& pass) const {
    convolution(x, y).backward(x.data(), dz.data(), weights(), dx.data(), pass);
  }
  [[nodiscard]] kernels::ColumnReader<T>* dy_reader(ConstTensorMap<T, 3> x, ConstTensorMap<T, 3> y,
                                                    const Pass& pass) const
      requires(kernels::has_simd<T>) {
    return convolution(x, y).dy_reader("Conv1D", x.data(), weights(), pass);
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    list.add(W_, "kernel", {kernel_size_, input.back() / options_.groups, filters_},
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
  [[nodiscard]] static Conv1D from_arguments(const Arguments& a) {
    return Conv1D(
        a.get<Index>("filters"), a.get<Index>("kernel_size"),
        a.with_rules(Conv1DOptions{
            .strides = a.get<Index>("strides"),
            .padding = a.one_of("padding", {Padding::valid, Padding::same, Padding::causal}),
            .dilation_rate = a.get<Index>("dilation_rate"),
            .groups = a.get<Index>("groups"),
            .activation = a.get<Activation>("activation"),
            .use_bias = a.get<bool>("use_bias"),
            .kernel_initializer = a.get<Initializer>("kernel_initializer"),
            .bias_initializer = a.get<Initializer>("bias_initializer")}));
  }

 private:
  [[nodiscard]] detail::KernelAndBias<T> weights() const { return {W_, b_, options_.use_bias}; }
  [[nodiscard]] Window window() const {
    return {kernel_size_, options_.strides, options_.dilation_rate};
  }
  [[nodiscard]] detail::Convolution<T> convolution(const auto& x, const auto& y) const {
    return {detail::convolution_shape(x, y, window(), options_.padding), options_.groups};
  }

  Index filters_, kernel_size_;
  Conv1DOptions options_;
  Parameter<T, 3> W_;  // [k, C / groups, filters]
  Parameter<T, 1> b_;  // [filters]
};

}  // namespace nn
