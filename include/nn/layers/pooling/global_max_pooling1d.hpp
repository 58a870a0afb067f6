// SPDX-License-Identifier: MIT
// Global max pooling of sequences.
#pragma once

#include <string>

#include "nn/kernels/pooling/global_max.hpp"
#include "nn/layer/pooling/global_pooling.hpp"

namespace nn {

/// The largest value of each channel over all steps of a sequence (Keras: GlobalMaxPooling1D):
/// y[n,c] = max_{t} x[n,t,c]
/// Shapes    x [N, steps, C]   y [N, C], or [N, 1, C] with keepdims
/// Backward  dx gets dy at the maximum, in equal shares where several elements are equal
/// Throws    ShapeError for samples that are not [steps, C] or have no elements
template <Real T = float>
class GlobalMaxPooling1D : public detail::GlobalPooling<T, 1> {
 public:
  explicit GlobalMaxPooling1D(const GlobalPoolingOptions& options = {})
      : detail::GlobalPooling<T, 1>("GlobalMaxPooling1D", options) {}

  [[nodiscard]] static std::string name() { return "GlobalMaxPooling1D"; }

  void forward(ConstTensorMap<T, 3> x, TensorMap<T, 2> y, const Pass&) const {
    // y = maximum of the rows of x [steps, C]
    kernels::column_maxima(x.dimension(0), this->num_places(x), x.dimension(2), x.data(), y.data());
  }

  void backward(ConstTensorMap<T, 3> x, ConstTensorMap<T, 2> y, TensorMap<T, 2> dy,
                TensorMap<T, 3> dx, const Pass& pass) const {
    if (!pass.needs_dx) return;
    // dx = dy at the maximum
    kernels::column_maxima_gradient(x.dimension(0), this->num_places(x), x.dimension(2), x.data(),
                                    y.data(), dy.data(), dx.data());
  }

  [[nodiscard]] static GlobalMaxPooling1D from_arguments(const Arguments& a) {
    return GlobalMaxPooling1D(GlobalMaxPooling1D::options_from(a));
  }
};

}  // namespace nn
