// SPDX-License-Identifier: MIT
// Global average pooling layer.
#pragma once

#include <string>

#include "nn/kernels/normalization/column_means.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Options of GlobalAveragePooling2D, with Keras' names and defaults.
struct GlobalAveragePooling2DOptions {
  bool keepdims = false;  ///< keep the axes of height and width, with size 1
};

/// The mean of each channel over all pixels of an image (Lin, Chen and Yan 2013; Keras:
/// GlobalAveragePooling2D): y[n,c] = mean_{i,j} x[n,i,j,c]
/// Shapes    x [N, H, W, C]   y [N, C], or [N, 1, 1, C] with keepdims
/// Backward  dx[n,i,j,c] = dy[n,c] / (H W)
/// Throws    ShapeError for samples that are not [H, W, C] or have no elements
template <Real T = float>
class GlobalAveragePooling2D {
 public:
  using Scalar = T;
  static constexpr int input_rank = 4;

  explicit GlobalAveragePooling2D(const GlobalAveragePooling2DOptions& options = {})
      : options_(options) {}

  [[nodiscard]] static std::string name() { return "GlobalAveragePooling2D"; }

  [[nodiscard]] NN_COLD Shape output_shape(const Shape& input) const {
    if (input.rank() != 3) {
      refuse<ShapeError>({"GlobalAveragePooling2D", "samples [height, width, channels]",
                          input.to_string(), "", "use images [N, height, width, channels]"});
    }
    if (input.num_elements() == 0) {
      refuse<ShapeError>(
          {"GlobalAveragePooling2D", "images with pixels and channels", input.to_string()});
    }
    if (options_.keepdims) return {1, 1, input.back()};
    return {input.back()};
  }

  static constexpr Promises promises{.ignores_y = true, .masks_dx = true};

  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 2> y, const Pass&) const {
    // y = mean of the rows of x [H W, C]
    kernels::column_means(x.dimension(0), x.dimension(1) * x.dimension(2), x.dimension(3), x.data(),
                          y.data());
  }

  void backward(ConstTensorMap<T, 4> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dy,
                TensorMap<T, 4> dx, const Pass& pass) const {
    if (!pass.needs_dx) return;
    // dx = dy / (H W) in each row
    kernels::column_means_gradient<T>(x.dimension(0), x.dimension(1) * x.dimension(2),
                                      x.dimension(3), dy.data(), mask_of(pass, x), dx.data());
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}.set("keepdims", options_.keepdims);
  }
  [[nodiscard]] static GlobalAveragePooling2D from_arguments(const Arguments& a) {
    return GlobalAveragePooling2D({.keepdims = a.get<bool>("keepdims")});
  }

 private:
  GlobalAveragePooling2DOptions options_;
};

}  // namespace nn
