// SPDX-License-Identifier: MIT
// What layers share that repeat or interpolate the pixels of their samples.
#pragma once

#include <string>

#include "nn/kernels/rows/up_sampling.hpp"
#include "nn/kernels/warp/sampling.hpp"
#include "nn/layer/layer.hpp"

namespace nn::detail {

/// Enlarges samples [steps, channels] (Axes = 1) or [height, width, channels] (Axes = 2).
template <Real T, int Axes>
class UpSampling {
 public:
  using Scalar = T;
  static constexpr int input_rank = Axes + 2;
  static constexpr int output_rank = Axes + 2;
  static constexpr Promises promises{.ignores_y = true};

  [[nodiscard]] NN_COLD Shape output_shape(const Shape& input) const {
    const char* const expected =
        Axes == 2 ? "samples [height, width, channels]" : "samples [steps, channels]";
    demand<ShapeError>(input.rank() == Axes + 1, layer_, expected, input.to_string());
    const Index height = checked_product({input[0], size_.height});
    if constexpr (Axes == 1) return {height, input[1]};
    return {height, checked_product({input[1], size_.width}), input.back()};
  }

  void forward(ConstTensorMap<T, Axes + 2> x, TensorMap<T, Axes + 2> y, const Pass&) const {
    if (interpolation_ == Interpolation::nearest) {
      kernels::up_sample_nearest(shape_of(x), x.data(), y.data());
    } else {
      kernels::up_sample_bilinear(shape_of(x), x.data(), y.data());
    }
  }

  void backward(ConstTensorMap<T, Axes + 2> x, ConstTensorMap<T, Axes + 2>,
                TensorMap<T, Axes + 2> dy, TensorMap<T, Axes + 2> dx, const Pass& pass) const {
    if (!pass.needs_dx) return;
    // dx = the sum of dy over what was made of each pixel, by the shares that it has in it
    if (interpolation_ == Interpolation::nearest) {
      kernels::up_sample_nearest_gradient<T>(shape_of(x), dy.data(), dx.data());
    } else {
      kernels::up_sample_bilinear_gradient<T>(shape_of(x), dy.data(), dx.data());
    }
  }

 protected:
  NN_COLD UpSampling(const char* layer, Size2D size, Interpolation interpolation)
      : layer_(layer), size_(size), interpolation_(interpolation) {
    require_window_numbers(layer, "a size", size);
  }

  [[nodiscard]] Size2D size() const { return size_; }
  [[nodiscard]] Interpolation interpolation() const { return interpolation_; }

 private:
  [[nodiscard]] kernels::UpSamplingShape shape_of(const ConstTensorMap<T, Axes + 2>& x) const {
    return {.batch = x.dimension(0),
            .height = x.dimension(1),
            .width = Axes == 2 ? x.dimension(Axes) : 1,
            .channels = x.dimension(Axes + 1),
            .rows = size_.height,
            .cols = size_.width};
  }

  const char* layer_;
  Size2D size_;
  Interpolation interpolation_;
};

}  // namespace nn::detail
