// SPDX-License-Identifier: MIT
// What transposed convolution layers share: all but their options and constructors. Their passes go
// through the kernels of the convolution from y back to x.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "nn/core/checked.hpp"
#include "nn/kernels/product/product.hpp"
#include "nn/layer/convolution/convolution_layer.hpp"
#include "nn/layer/sliding_window.hpp"

namespace nn::detail {

/// One axis: each pixel of x is spread over a window of y.
struct TransposedWindow {
  Window window;
  Padding padding;
  std::optional<Index> output_padding;  ///< pixels of y beyond the last window; none: Keras' rule

  /// Pixels of y of `length` ones of x. With e, the extent of a window: valid (length - 1) stride +
  /// max(e, stride), same length stride; with output_padding, (length - 1) stride + that and e, of
  /// which same keeps e mod 2. Zero or less where none are left.
  [[nodiscard]] Index size(Index length) const {
    const Index begin = checked_product({length - 1, window.stride});  // of the last window
    const Index extent = padding == Padding::valid ? window.extent() : window.extent() % 2;
    if (output_padding) return checked_sum({begin, extent, *output_padding});
    return checked_sum(
        {begin, padding == Padding::valid ? std::max(extent, window.stride) : window.stride});
  }
  /// Pixels of the first window in front of y: the smaller half of what `same` cuts off.
  [[nodiscard]] Index pad_before(Index length) const {
    const Index whole = (length - 1) * window.stride + window.extent();
    return std::max(whole - size(length), Index{0}) / 2;
  }
};

/// Throws `std::invalid_argument` for causal padding, and unless an output_padding is below the
/// stride.
NN_COLD inline void require_windows(const char* where, const TransposedWindow& axis) {
  demand(axis.padding != Padding::causal, where, "padding valid or same", "causal");
  const std::optional<Index> given = axis.output_padding;
  if (!given || (*given >= 0 && *given < axis.window.stride)) return;
  refuse({where,
          "an output_padding of 0 or more and below the strides",
          *given,
          {"strides ", axis.window.stride}});
}

/// Size of y on one axis. Throws `ShapeError` where nothing is left.
[[nodiscard]] NN_COLD inline Index transposed_size(const std::string& where, const Shape& sample,
                                                   Index axis, const TransposedWindow& windows) {
  const Index length = sample[axis];
  const Index size = length == 0 ? 0 : windows.size(length);
  if (size > 0) return size;
  refuse<ShapeError>({where, "samples whose windows reach into the result", sample.to_string(), "",
                      "use a larger kernel_size or output_padding"});
}

/// A pass through the transpose of a convolution with W [kernel..., filters, channels of x].
template <Real T>
struct TransposedConvolution {
  kernels::Conv2DShape shape;  // of the convolution from y to x

  static constexpr Promises promises{
      .applies_activation = true, .masks_dx = true, .assigns_gradients = true};

  /// y = x spread by W + b, or act of it
  void forward(const T* x, const KernelAndBias<T>& weights, T* y, const Pass& pass) const {
    kernels::conv2d_transpose(in_rows(shape), x, weights.W, weights.b, pass.activation, y);
  }

  void backward(const T* x, const T* dz, const KernelAndBias<T>& weights, T* dx,
                const Pass& pass) const {
    if (!pass.is_frozen) {
      // dW += dz * x,  db += sum of dz
      kernels::conv2d_kernel_gradient(shape, dz, x, weights.dW, nullptr, pass.accumulate);
      const Index pixels = shape.batch * shape.height * shape.width;
      if (weights.db != nullptr) {
        kernels::column_sums<T>({dz, pixels, shape.in_channels}, weights.db, pass.accumulate);
      }
    }
    if (!pass.needs_dx) return;
    // dx = W * dz
    kernels::conv2d(in_rows(shape), dz, weights.W, nullptr, Activation::linear, dx);
    if (!pass.dx_is_masked) return;
    kernels::activation_gradient<T>(Activation::relu, shape.batch * shape.output_size(), nullptr, x,
                                    dx, dx);
  }
};

/// Of sequences and images: W [kernel_size..., filters, C].
template <Real T, class Options>
class TransposedLayer : public ConvolutionLayer<T, Options> {
  using Base = ConvolutionLayer<T, Options>;
  using Base::num_axes;
  using typename Base::In, typename Base::Out, typename Base::Size;

 public:
  static constexpr Promises promises = TransposedConvolution<T>::promises;

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    if (input.rank() != Base::input_rank - 1 || input.back() == 0) {
      constexpr bool is_image = num_axes == 2;
      refuse<ShapeError>({this->name_,
                          {"samples ", is_image ? "[height, width" : "[steps",
                           ", channels], at least one channel"},
                          input.to_string(),
                          "",
                          is_image ? "use images [N, height, width, channels]"
                                   : "use sequences [N, steps, channels]"});
    }
    Shape output;
    for (const TransposedWindow& axis : windows()) {
      output.push_back(transposed_size(this->name_, input, output.rank(), axis));
    }
    output.push_back(this->filters_);
    return output;
  }

  void forward(In x, Out y, const Pass& pass) const {
    convolution(x, y).forward(x.data(), this->weights(), y.data(), pass);
  }
  void backward(In x, In y, Out dz, Out dx, const Pass& pass) const {
    convolution(x, y).backward(x.data(), dz.data(), this->weights(), dx.data(), pass);
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    this->add_weights(list, this->filters_, input.back());
  }

 protected:
  NN_COLD TransposedLayer(const char* name, Index filters, Size kernel_size, const Options& options)
      : Base(name, filters, kernel_size, options) {
    for (const TransposedWindow& axis : windows()) require_windows(name, axis);
  }

 private:
  [[nodiscard]] std::array<TransposedWindow, num_axes> windows() const {
    std::array<TransposedWindow, num_axes> result{};
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i] = {Base::windows()[i], this->options_.padding, {}};
      if (const auto& given = this->options_.output_padding) {
        result[i].output_padding = per_axis(*given)[i];
      }
    }
    return result;
  }
  [[nodiscard]] TransposedConvolution<T> convolution(const auto& x, const auto& y) const {
    kernels::Conv2DShape from_y = convolution_shape(y, x, Base::windows(), Padding::valid);
    const auto axis = windows();
    from_y.pad_left = axis.back().pad_before(x.dimension(num_axes));
    if constexpr (num_axes == 2) from_y.pad_top = axis[0].pad_before(x.dimension(1));
    return {from_y};
  }
};

}  // namespace nn::detail
