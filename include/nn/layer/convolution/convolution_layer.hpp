// SPDX-License-Identifier: MIT
// What the layers share that convolve with filters over all channels: sizes, arguments and
// parameters; and those of them whose samples have one axis or two, their passes.
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "nn/layer/convolution/convolution.hpp"
#include "nn/layer/convolution/convolution_options.hpp"

namespace nn::detail {

/// All but the passes. The type of the strides among the options says how many axes there are.
template <Real T, class Options>
class ConvolutionLayer {
 public:
  using Scalar = T;
  using Size = decltype(Options::strides);
  static constexpr std::size_t num_axes = per_axis(Size()).size();
  static constexpr int input_rank = num_axes + 2;
  static constexpr int output_rank = num_axes + 2;

  [[nodiscard]] Activation activation() const { return options_.activation; }

  [[nodiscard]] Arguments arguments() const {
    Arguments a{name_};
    a.set("filters", filters_).set("kernel_size", kernel_size_);
    return with_options(std::move(a), options_);
  }

 protected:
  using In = ConstTensorMap<T, input_rank>;
  using Out = TensorMap<T, output_rank>;

  NN_COLD ConvolutionLayer(const char* name, Index filters, Size kernel_size,
                           const Options& options)
      : name_(name), filters_(filters), kernel_size_(kernel_size), options_(options) {
    require_filters(name, filters, num_groups());
    require_sizes(name, kernel_size, options);
  }

  [[nodiscard]] Index num_groups() const {
    if constexpr (requires { options_.groups; }) {
      return options_.groups;
    } else {
      return 1;
    }
  }
  [[nodiscard]] std::array<Window, num_axes> windows() const {
    return windows_of(kernel_size_, options_);
  }
  [[nodiscard]] KernelAndBias<T> weights() const { return {W_, b_, options_.use_bias}; }

  /// Lists W [kernel_size..., first, second] and b.
  NN_COLD void add_weights(ParameterList<T>& list, Index first, Index second) {
    Shape kernel;
    for (const Index size : per_axis(kernel_size_)) kernel.push_back(size);
    kernel.push_back(first);
    kernel.push_back(second);
    list.add(W_, "kernel", kernel, options_.kernel_initializer,
             {options_.kernel_regularizer, options_.kernel_constraint});
    add_bias(list, b_, filters_, options_);
  }

  const char* name_;
  Index filters_;
  Size kernel_size_;
  Options options_;

 private:
  Parameter<T, input_rank> W_;
  Parameter<T, 1> b_;  // [filters]
};

/// Of sequences and images: W [kernel_size..., C / groups, filters].
template <Real T, class Options, class Passes = Convolution<T>>
class SlidingConvolution : public ConvolutionLayer<T, Options> {
  using Base = ConvolutionLayer<T, Options>;
  using typename Base::In, typename Base::Out;

 public:
  static constexpr Promises promises = Passes::promises;

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    const auto windows = this->windows();
    if constexpr (Base::num_axes == 1) {
      const Index steps = window_count(this->name_, input, windows[0], this->options_.padding);
      require_shared_channels(this->name_, input, this->options_.groups);
      return {steps, this->filters_};
    } else {
      const Size2D out =
          window_counts(this->name_, input, windows[0], windows[1], this->options_.padding);
      require_shared_channels(this->name_, input, this->options_.groups);
      return {out.height, out.width, this->filters_};
    }
  }

  [[nodiscard]] Index workspace_bytes(const Shape&, bool training) const {
    return Passes::workspace_bytes(training);
  }

  void forward(In x, Out y, const Pass& pass) const {
    convolution(x, y).forward(x.data(), this->weights(), y.data(), pass);
  }
  void forward(In x, Out y, const kernels::Affine<T>& affine, const Pass& pass) const
      requires(kernels::has_simd<T>) {
    convolution(x, y).forward(x.data(), this->weights(), y.data(), affine, pass);
  }
  void backward(In x, In y, Out dz, Out dx, const Pass& pass) const {
    convolution(x, y).backward(x.data(), dz.data(), this->weights(), dx.data(), pass);
  }
  [[nodiscard]] kernels::ColumnReader<T>* dy_reader(In x, In y, const Pass& pass) const
      requires(kernels::has_simd<T>) {
    return convolution(x, y).dy_reader(this->name_, x.data(), this->weights(), pass);
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    this->add_weights(list, input.back() / this->options_.groups, this->filters_);
  }

 protected:
  using Base::Base;

 private:
  [[nodiscard]] Passes convolution(const auto& x, const auto& y) const {
    return {convolution_shape(x, y, this->windows(), this->options_.padding),
            this->options_.groups};
  }
};

}  // namespace nn::detail
