// SPDX-License-Identifier: MIT
// Global average pooling of images.
#pragma once

#include <string>

#include "nn/kernels/normalization/column_means.hpp"
#include "nn/layer/pooling/global_pooling.hpp"

namespace nn {

/// The mean of each channel over all pixels of an image (Lin, Chen and Yan 2013; Keras:
/// GlobalAveragePooling2D):
/// y[n,c] = mean_{i,j} x[n,i,j,c]
/// Shapes    x [N, H, W, C]   y [N, C], or [N, 1, 1, C] with keepdims
/// Backward  dx[n,i,j,c] = dy[n,c] / (H W)
/// Throws    ShapeError for samples that are not [H, W, C] or have no elements
template <Real T = float>
class GlobalAveragePooling2D : public detail::GlobalPooling<T, 2> {
 public:
  explicit GlobalAveragePooling2D(const GlobalPoolingOptions& options = {})
      : detail::GlobalPooling<T, 2>("GlobalAveragePooling2D", options) {}

  [[nodiscard]] static std::string name() { return "GlobalAveragePooling2D"; }

  static constexpr Promises promises{.ignores_y = true, .masks_dx = true};

  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 2> y, const Pass&) const {
    // y = mean of the rows of x [H W, C]
    kernels::column_means(x.dimension(0), this->num_places(x), x.dimension(3), x.data(), y.data());
  }

  void backward(ConstTensorMap<T, 4> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dy,
                TensorMap<T, 4> dx, const Pass& pass) const {
    if (!pass.needs_dx) return;
    // dx = dy / (H W) in each row
    kernels::column_means_gradient<T>(x.dimension(0), this->num_places(x), x.dimension(3),
                                      dy.data(), mask_of(pass, x), dx.data());
  }

  [[nodiscard]] static GlobalAveragePooling2D from_arguments(const Arguments& a) {
    return GlobalAveragePooling2D(GlobalAveragePooling2D::options_from(a));
  }
};

}  // namespace nn
