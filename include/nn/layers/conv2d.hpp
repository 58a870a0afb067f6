// SPDX-License-Identifier: MIT
// Two-dimensional convolution layer.
#pragma once

#include <new>
#include <string>

#include "nn/kernels/conv2d/conv2d.hpp"
#include "nn/kernels/conv2d/gradient_reader.hpp"
#include "nn/layer/layer.hpp"
#include "nn/layer/sliding_window.hpp"

namespace nn {

/// Options of Conv2D, with Keras' names and defaults. One number as a size means both directions.
struct Conv2DOptions {
  Size2D strides = 1;                ///< pixels from one window to the next, 1 .. 2^20
  Padding padding = Padding::valid;  ///< `same`: zeros around the image, OH = ceil(H / stride)
  Size2D dilation_rate = 1;          ///< pixels from one cell of a window to the next, 1 .. 2^20
  Activation activation = Activation::linear;            ///< act, applied to the results
  bool use_bias = true;                                  ///< add b
  Initializer kernel_initializer = GlorotUniform{};      ///< the first values of W
  Initializer bias_initializer = Zeros{};                ///< the first values of b
  Regularizer kernel_regularizer{}, bias_regularizer{};  ///< penalties on W and b in training
  Constraint kernel_constraint{}, bias_constraint{};     ///< where each update brings them back to
};

/// Convolution of images, in fact a cross-correlation: the kernel is not flipped (Keras: Conv2D).
///     y[n,i,j,f] = act(b[f] + sum_{u,v,c} x[n, i s + u d - p, j s + v d - p, c] W[u,v,c,f])
/// Shapes    x [N, H, W, C]   W [kh, kw, C, filters]   b [filters]   y [N, OH, OW, filters]
/// Backward  of dz = dy * act'(z):
///           dW[u,v,c,f] += sum_{n,i,j} x[n, i s + u d - p, ...] dz[n,i,j,f]
///           db += sum_{n,i,j} dz   dx[n, i s + u d - p, ..., c] = sum_f dz[n,i,j,f] W[u,v,c,f],
///           summed over all windows (i, j) that meet the pixel
/// Init      W: Glorot uniform (Glorot and Bengio 2010)   b: zero
/// Throws    std::invalid_argument for no filters, sizes outside 1 .. 2^20, and strides and a
///           dilation at once; ShapeError for samples that are not [H, W, C], have no channels or
///           are smaller than the kernel
template <Real T = float>
class Conv2D {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;
  static constexpr int output_rank = 4;

  NN_COLD Conv2D(Index filters, Size2D kernel_size, const Conv2DOptions& options = {})
      : filters_(filters), kernel_size_(kernel_size), options_(options) {
    demand(filters > 0, "Conv2D", "a positive number of filters", filters);
    require_window_numbers("Conv2D", "a kernel_size", kernel_size);
    require_window_numbers("Conv2D", "strides", options.strides);
    require_window_numbers("Conv2D", "a dilation_rate", options.dilation_rate);
    demand(options.strides == Size2D{1} || options.dilation_rate == Size2D{1}, "Conv2D",
           "strides or a dilation_rate above 1", "both");
  }

  [[nodiscard]] static std::string name() { return "Conv2D"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    const Size2D out = window_counts(name(), input, vertical(), horizontal(), options_.padding);
    return {out.height, out.width, filters_};
  }

  static constexpr Promises promises{.applies_activation = true,
                                     .applies_affine = kernels::has_simd<T>,
                                     .masks_dx = true,
                                     .assigns_gradients = true,
                                     .takes_dy_in_columns = kernels::has_simd<T>,
                                     .writes_bfloat16 = std::same_as<T, float>};

  [[nodiscard]] Activation activation() const { return options_.activation; }

  [[nodiscard]] Index workspace_bytes(const Shape&, bool training) const {
    return training ? static_cast<Index>(sizeof(DyReader)) : 0;
  }

  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const Pass& pass) const {
    // y = W * x + b, or act of it
    const T* const b = options_.use_bias ? b_.value().data() : nullptr;
    if constexpr (promises.writes_bfloat16) {
      if (pass.y_in_bfloat16) {
        return kernels::conv2d(geometry(x, y), x.data(), W_.value().data(), b, pass.activation,
                               reinterpret_cast<Bfloat16*>(y.data()), pass.precision);
      }
    }
    kernels::conv2d(geometry(x, y), x.data(), W_.value().data(), b, pass.activation, y.data());
  }

  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const kernels::Affine<T>& affine,
               const Pass& pass) const requires(kernels::has_simd<T>) {
    kernels::conv2d(geometry(x, y), x.data(), W_.value().data(),
                    options_.use_bias ? b_.value().data() : nullptr, affine, pass.activation,
                    y.data());
  }

  void backward(ConstTensorMap<T, 4> x, ConstTensorMap<T, 4> y, TensorMap<T, 4> dz,
                TensorMap<T, 4> dx, const Pass& pass) const {
    const kernels::Conv2DShape shape = geometry(x, y);
    // dW += x * dz,  db += sum of dz
    if (!pass.is_frozen) {
      kernels::conv2d_kernel_gradient(shape, x.data(), dz.data(), W_.gradient().data(),
                                      options_.use_bias ? b_.gradient().data() : nullptr,
                                      pass.accumulate);
    }
    // dx = dz spread by W
    if (pass.needs_dx) {
      kernels::conv2d_input_gradient(shape, dz.data(), W_.value().data(), mask_of(pass, x),
                                     dx.data());
    }
  }

  /// Takes dz in place of a backward without dx.
  [[nodiscard]] kernels::ColumnReader<T>* dy_reader(ConstTensorMap<T, 4> x, ConstTensorMap<T, 4> y,
                                                    const Pass& pass) const
      requires(kernels::has_simd<T>) {
    const kernels::Conv2DShape shape = geometry(x, y);
    if (!DyReader::can_read(shape)) return nullptr;
    if (!pass.memory) pass.require_memory("Conv2D", static_cast<Index>(sizeof(DyReader)));
    return ::new (pass.memory)
        DyReader(isa(), shape, x.data(), W_.gradient().data(),
                 options_.use_bias ? b_.gradient().data() : nullptr, pass.accumulate);
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    list.add(W_, "kernel", {kernel_size_.height, kernel_size_.width, input.back(), filters_},
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
                                   .activation = a.get<Activation>("activation"),
                                   .use_bias = a.get<bool>("use_bias"),
                                   .kernel_initializer = a.get<Initializer>("kernel_initializer"),
                                   .bias_initializer = a.get<Initializer>("bias_initializer")}));
  }

 private:
  using DyReader = kernels::Conv2DGradientReader<T>;

  [[nodiscard]] Window vertical() const {
    return {kernel_size_.height, options_.strides.height, options_.dilation_rate.height};
  }
  [[nodiscard]] Window horizontal() const {
    return {kernel_size_.width, options_.strides.width, options_.dilation_rate.width};
  }
  [[nodiscard]] kernels::Conv2DShape geometry(const ConstTensorMap<T, 4>& x, const auto& y) const {
    return {.batch = x.dimension(0),
            .height = x.dimension(1),
            .width = x.dimension(2),
            .in_channels = x.dimension(3),
            .kernel_height = kernel_size_.height,
            .kernel_width = kernel_size_.width,
            .out_height = y.dimension(1),
            .out_width = y.dimension(2),
            .out_channels = filters_,
            .stride_height = options_.strides.height,
            .stride_width = options_.strides.width,
            .pad_top = vertical().pad_before(x.dimension(1), options_.padding),
            .pad_left = horizontal().pad_before(x.dimension(2), options_.padding),
            .dilation_height = options_.dilation_rate.height,
            .dilation_width = options_.dilation_rate.width};
  }

  Index filters_;
  Size2D kernel_size_;
  Conv2DOptions options_;
  Parameter<T, 4> W_;  // [kh, kw, C, filters]
  Parameter<T, 1> b_;  // [filters]
};

}  // namespace nn
