// SPDX-License-Identifier: MIT
// Two-dimensional max pooling layer.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "nn/core/memory.hpp"
#include "nn/kernels/pooling/pooling.hpp"
#include "nn/layer/layer.hpp"
#include "nn/layer/sliding_window.hpp"

namespace nn {

/// Options of MaxPooling2D, with Keras' names and defaults.
struct MaxPooling2DOptions {
  Size2D strides = 0;                ///< pixels from one window to the next; 0: pool_size
  Padding padding = Padding::valid;  ///< `same`: windows cross the border, OH = ceil(H / stride)
};

/// The largest value of each window, channel by channel (Keras: MaxPooling2D).
///     y[n,i,j,c] = max_{u,v} x[n, i s + u - p, j s + v - p, c]; padded cells never win
/// Shapes    x [N, H, W, C]   y [N, OH, OW, C]
/// Backward  dx gets dy at the cell that won, the first in scan order where several are equal
/// Throws    std::invalid_argument for sizes outside 1 .. 2^20;
///           ShapeError for samples that are not [H, W, C], are smaller than a window or have
///           2^31 elements or more
template <Real T = float>
class MaxPooling2D {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;
  static constexpr int output_rank = 4;

  NN_COLD explicit MaxPooling2D(Size2D pool_size = 2, const MaxPooling2DOptions& options = {})
      : pool_size_(pool_size),
        strides_(options.strides == Size2D{0} ? pool_size : options.strides),
        padding_(options.padding) {
    require_window_numbers("MaxPooling2D", "a pool_size", pool_size_);
    require_window_numbers("MaxPooling2D", "strides", strides_);
  }

  [[nodiscard]] static std::string name() { return "MaxPooling2D"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    const Size2D out = window_counts(name(), input, vertical(), horizontal(), padding_);
    demand<ShapeError>(input.num_elements() <= std::numeric_limits<std::int32_t>::max(),
                       "MaxPooling2D", "samples of at most 2147483647 elements",
                       input.num_elements());
    return {out.height, out.width, input.back()};
  }

  static constexpr Promises promises{.applies_relu = true, .masks_dx = true};

  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    if (!training) return 0;
    const Shape y = output_shape({x[1], x[2], x[3]});
    return bytes_of<std::int32_t>(x[0], y.num_elements());
  }

  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 4> y, const Pass& pass) const {
    if (pass.training) {
      pass.require_memory("MaxPooling2D", y.size() * static_cast<Index>(sizeof(std::int32_t)));
    }
    // y = max over each window; training keeps which cell won
    kernels::max_pooling2d(geometry(x, y), x.data(), is_masked(pass), y.data(), argmax(pass));
  }

  void backward(ConstTensorMap<T, 4> x, ConstTensorMap<T, 4> y, TensorMap<T, 4> dy,
                TensorMap<T, 4> dx, const Pass& pass) const {
    if (!pass.needs_dx) return;
    // dx[argmax] += dy, also behind a ReLU, whose zeros have no winner
    kernels::max_pooling2d_gradient(geometry(x, y), dy.data(), argmax(pass), dx.data());
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}
        .set("pool_size", pool_size_)
        .set("strides", strides_)
        .set("padding", padding_);
  }
  [[nodiscard]] static MaxPooling2D from_arguments(const Arguments& a) {
    MaxPooling2DOptions options{.padding = a.get<Padding>("padding")};
    if (a.has("strides")) options.strides = a.get<Size2D>("strides");
    return MaxPooling2D(a.get<Size2D>("pool_size"), options);
  }

 private:
  /// Index of the winner within its sample, [N, OH, OW, C]; none at inference.
  [[nodiscard]] static std::int32_t* argmax(const Pass& pass) {
    return pass.training ? reinterpret_cast<std::int32_t*>(pass.memory) : nullptr;
  }
  /// Whether a ReLU follows, or made x: then every maximum is 0 or more, and one of 0 passes no
  /// gradient on.
  [[nodiscard]] static bool is_masked(const Pass& pass) {
    return pass.activation == Activation::relu || pass.dx_is_masked;
  }
  [[nodiscard]] Window vertical() const { return {pool_size_.height, strides_.height}; }
  [[nodiscard]] Window horizontal() const { return {pool_size_.width, strides_.width}; }
  [[nodiscard]] kernels::Pooling2DShape geometry(const ConstTensorMap<T, 4>& x,
                                                 const auto& y) const {
    return {.batch = x.dimension(0),
            .height = x.dimension(1),
            .width = x.dimension(2),
            .channels = x.dimension(3),
            .pool_height = pool_size_.height,
            .pool_width = pool_size_.width,
            .out_height = y.dimension(1),
            .out_width = y.dimension(2),
            .stride_height = strides_.height,
            .stride_width = strides_.width,
            .pad_top = vertical().pad_before(x.dimension(1), padding_),
            .pad_left = horizontal().pad_before(x.dimension(2), padding_)};
  }

  Size2D pool_size_;
  Size2D strides_;
  Padding padding_;
};

}  // namespace nn
