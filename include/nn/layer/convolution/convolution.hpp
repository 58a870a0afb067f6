// SPDX-License-Identifier: MIT
// What convolution layers share: which pixels meet, and the passes through the kernels.
#pragma once

#include <array>
#include <concepts>
#include <new>
#include <utility>

#include "nn/kernels/conv2d/conv2d.hpp"
#include "nn/kernels/conv2d/gradient_reader.hpp"
#include "nn/kernels/conv2d/groups.hpp"
#include "nn/layer/layer.hpp"
#include "nn/layer/sliding_window.hpp"

namespace nn::detail {

/// The sizes of a convolution of images x [N, H, W, C] that gives y [N, OH, OW, filters], by
/// vertical windows and horizontal ones.
[[nodiscard]] inline kernels::Conv2DShape convolution_shape(const auto& x, const auto& y,
                                                            const std::array<Window, 2>& windows,
                                                            Padding padding) {
  const auto [vertical, horizontal] = windows;
  return {.batch = x.dimension(0),
          .height = x.dimension(1),
          .width = x.dimension(2),
          .in_channels = x.dimension(3),
          .kernel_height = vertical.size,
          .kernel_width = horizontal.size,
          .out_height = y.dimension(1),
          .out_width = y.dimension(2),
          .out_channels = y.dimension(3),
          .stride_height = vertical.stride,
          .stride_width = horizontal.stride,
          .pad_top = vertical.pad_before(x.dimension(1), padding),
          .pad_left = horizontal.pad_before(x.dimension(2), padding),
          .dilation_height = vertical.dilation,
          .dilation_width = horizontal.dilation};
}

/// Of sequences x [N, steps, C] that gives y [N, out_steps, filters]: images of one row.
[[nodiscard]] inline kernels::Conv2DShape convolution_shape(const auto& x, const auto& y,
                                                            const std::array<Window, 1>& windows,
                                                            Padding padding) {
  const Window window = windows[0];
  return {.batch = x.dimension(0),
          .height = 1,
          .width = x.dimension(1),
          .in_channels = x.dimension(2),
          .kernel_height = 1,
          .kernel_width = window.size,
          .out_height = 1,
          .out_width = y.dimension(1),
          .out_channels = y.dimension(2),
          .stride_height = 1,
          .stride_width = window.stride,
          .pad_top = 0,
          .pad_left = window.pad_before(x.dimension(1), padding),
          .dilation_width = window.dilation};
}

/// Images of one row as images of one column, whose results are the same: threads share the rows of
/// results, and there may be but one sequence. Kernel gradients are quicker the other way.
[[nodiscard, gnu::noinline]] inline kernels::Conv2DShape in_rows(kernels::Conv2DShape s) {
  if (s.height != 1 || s.kernel_height != 1 || s.out_height != 1) return s;
  std::swap(s.height, s.width);
  std::swap(s.kernel_height, s.kernel_width);
  std::swap(s.out_height, s.out_width);
  std::swap(s.stride_height, s.stride_width);
  std::swap(s.pad_top, s.pad_left);
  std::swap(s.dilation_height, s.dilation_width);
  return s;
}

/// Throws `std::invalid_argument` unless filters and groups are positive and the filters can be
/// shared out.
NN_COLD inline void require_filters(const char* where, Index filters, Index groups) {
  demand(filters > 0, where, "a positive number of filters", filters);
  demand(groups > 0, where, "a positive number of groups", groups);
  if (filters % groups == 0) return;
  refuse({where, {"filters that ", groups, " groups share"}, filters});
}

/// Throws `ShapeError` unless the groups can share the channels of a sample.
NN_COLD inline void require_shared_channels(const char* where, const Shape& sample, Index groups) {
  if (sample.back() % groups == 0) return;
  refuse<ShapeError>({where, {"channels that ", groups, " groups share"}, sample.to_string()});
}

/// Lists b [size], if there is one.
template <Real T, class Options>
NN_COLD void add_bias(ParameterList<T>& list, Parameter<T, 1>& b, Index size,
                      const Options& options) {
  if (!options.use_bias) return;
  list.add(b, "bias", {size}, options.bias_initializer,
           {options.bias_regularizer, options.bias_constraint});
}

/// The numbers of a kernel and a bias, and where their gradients go. b and db are null where there
/// is no bias.
template <Real T>
struct KernelAndBias {
  const T *W, *b;
  T *dW, *db;

  template <int Rank>
  KernelAndBias(const Parameter<T, Rank>& kernel, const Parameter<T, 1>& bias, bool has_bias)
      : W(kernel.value().data()),
        b(has_bias ? bias.value().data() : nullptr),
        dW(kernel.gradient().data()),
        db(has_bias ? bias.gradient().data() : nullptr) {}

  /// That of one group's first output channel.
  [[nodiscard]] const T* bias_from(Index channel) const { return b == nullptr ? b : b + channel; }
};

/// A pass through a convolution W * x + b.
template <Real T>
struct Convolution {
  kernels::Conv2DShape shape;
  Index groups;

  Convolution(const kernels::Conv2DShape& sizes, Index num_groups)
      : shape(sizes), groups(num_groups) {}

  static constexpr Promises promises{.applies_activation = true,
                                     .applies_affine = kernels::has_simd<T>,
                                     .masks_dx = true,
                                     .assigns_gradients = true,
                                     .takes_dy_in_columns = kernels::has_simd<T>,
                                     .writes_bfloat16 = std::same_as<T, float>};

  /// Of the layer's memory in a pass.
  [[nodiscard]] static Index workspace_bytes(bool training) {
    return training ? static_cast<Index>(sizeof(DyReader)) : 0;
  }

  /// y = W * x + b, or act of it
  void forward(const T* x, const KernelAndBias<T>& weights, T* y, const Pass& pass) const {
    if constexpr (promises.writes_bfloat16) {
      if (pass.y_in_bfloat16) {
        return in_groups(x, weights.W, reinterpret_cast<Bfloat16*>(y),
                         [&](const kernels::Conv2DShape& part, const T* x_part, const T* W_part,
                             Bfloat16* y_part, Index channel) {
                           kernels::conv2d(part, x_part, W_part, weights.bias_from(channel),
                                           pass.activation, y_part, pass.precision);
                         });
      }
    }
    in_groups(x, weights.W, y,
              [&](const kernels::Conv2DShape& part, const T* x_part, const T* W_part, T* y_part,
                  Index channel) {
                kernels::conv2d(part, x_part, W_part, weights.bias_from(channel), pass.activation,
                                y_part);
              });
  }

  /// y = act(affine(W * x + b))
  void forward(const T* x, const KernelAndBias<T>& weights, T* y, const kernels::Affine<T>& affine,
               const Pass& pass) const requires(kernels::has_simd<T>) {
    in_groups(x, weights.W, y,
              [&](const kernels::Conv2DShape& part, const T* x_part, const T* W_part, T* y_part,
                  Index channel) {
                kernels::conv2d(part, x_part, W_part, weights.bias_from(channel),
                                affine.from(channel), pass.activation, y_part);
              });
  }

  void backward(const T* x, const T* dz, const KernelAndBias<T>& weights, T* dx,
                const Pass& pass) const {
    const auto [W, b, dW, db] = weights;
    // dW += x * dz,  db += sum of dz
    if (!pass.is_frozen && groups == 1) {
      kernels::conv2d_kernel_gradient(shape, x, dz, dW, db, pass.accumulate);
    } else if (!pass.is_frozen) {
      kernels::grouped_conv2d_kernel_gradient(shape, groups, x, dz, dW, db, pass.accumulate);
    }
    // dx = dz spread by W
    if (!pass.needs_dx) return;
    const T* const mask = pass.dx_is_masked ? x : nullptr;
    if (groups == 1) {
      kernels::conv2d_input_gradient(in_rows(shape), dz, W, mask, dx);
    } else {
      kernels::grouped_conv2d_input_gradient(in_rows(shape), groups, dz, W, mask, dx);
    }
  }

  /// Takes dz in place of a backward without dx.
  [[nodiscard]] kernels::ColumnReader<T>* dy_reader(const char* where, const T* x,
                                                    const KernelAndBias<T>& weights,
                                                    const Pass& pass) const
      requires(kernels::has_simd<T>) {
    if (groups != 1 || !DyReader::can_read(shape)) return nullptr;
    if (!pass.memory) pass.require_memory(where, static_cast<Index>(sizeof(DyReader)));
    return ::new (pass.memory) DyReader(isa(), shape, x, weights.dW, weights.db, pass.accumulate);
  }

 private:
  using DyReader = kernels::Conv2DGradientReader<T>;

  template <class Y>
  void in_groups(const T* x, const T* W, Y* y, kernels::ConvolveGroup<T, Y> convolve) const {
    const kernels::Conv2DShape s = in_rows(shape);
    if (groups == 1) return convolve(s, x, W, y, 0);
    kernels::grouped_conv2d(s, groups, x, W, y, convolve);
  }
};

}  // namespace nn::detail
