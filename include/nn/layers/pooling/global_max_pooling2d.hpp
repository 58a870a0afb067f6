// SPDX-License-Identifier: MIT
// Global max pooling of images.
#pragma once

#include <string>

#include "nn/kernels/pooling/global_max.hpp"
#include "nn/layer/pooling/global_pooling.hpp"

namespace nn {

/// The largest value of each channel over all pixels of an image (Keras: GlobalMaxPooling2D):
/// y[n,c] = max_{i,j} x[n,i,j,c]
/// Shapes    x [N, H, W, C]   y [N, C], or [N, 1, 1, C] with keepdims
/// Backward  dx gets dy at the maximum, in equal shares where several elements are equal
/// Throws    ShapeError for samples that are not [H, W, C] or have no elements
template <Real T = float>
class GlobalMaxPooling2D : public detail::GlobalPooling<T, 2> {
 public:
  explicit GlobalMaxPooling2D(const GlobalPoolingOptions& options = {})
      : detail::GlobalPooling<T, 2>("GlobalMaxPooling2D", options) {}

  [[nodiscard]] static std::string name() { return "GlobalMaxPooling2D"; }

  void forward(ConstTensorMap<T, 4> x, TensorMap<T, 2> y, const Pass&) const {
    // y = maximum of the rows of x [H W, C]
    kernels::column_maxima(x.dimension(0), this->num_places(x), x.dimension(3), x.data(), y.data());
  }

  void backward(ConstTensorMap<T, 4> x, ConstTensorMap<T, 2> y, TensorMap<T, 2> dy,
                TensorMap<T, 4> dx, const Pass& pass) const {
    if (!pass.needs_dx) return;
    // dx = dy at the maximum
    kernels::column_maxima_gradient(x.dimension(0), this->num_places(x), x.dimension(3), x.data(),
                                    y.data(), dy.data(), dx.data());
  }

  [[nodiscard]] static GlobalMaxPooling2D from_arguments(const Arguments& a) {
    return GlobalMaxPooling2D(GlobalMaxPooling2D::options_from(a));
  }
};

}  // namespace nn
