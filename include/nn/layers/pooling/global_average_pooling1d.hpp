// SPDX-License-Identifier: MIT
// Global average pooling of sequences.
#pragma once

#include <string>

#include "nn/kernels/normalization/column_means.hpp"
#include "nn/kernels/rows/step_mask.hpp"
#include "nn/layer/pooling/global_pooling.hpp"

namespace nn {

/// The mean of each channel over all steps of a sequence (Keras: GlobalAveragePooling1D):
/// y[n,c] = mean_{t} x[n,t,c], without masked steps; 0 where all are
/// Shapes    x [N, steps, C]   y [N, C], or [N, 1, C] with keepdims
/// Backward  dx[n,t,c] = dy[n,c] / steps, or 0 at a masked step
/// Throws    ShapeError for samples that are not [steps, C] or have no elements
template <Real T = float>
class GlobalAveragePooling1D : public detail::GlobalPooling<T, 1> {
 public:
  explicit GlobalAveragePooling1D(const GlobalPoolingOptions& options = {})
      : detail::GlobalPooling<T, 1>("GlobalAveragePooling1D", options) {}

  [[nodiscard]] static std::string name() { return "GlobalAveragePooling1D"; }

  static constexpr Promises promises{.ignores_y = true, .masks_dx = true};

  void forward(ConstTensorMap<T, 3> x, TensorMap<T, 2> y, const Pass& pass) const {
    if (pass.mask != nullptr) {
      return kernels::masked_means(size_of(x), x.data(), pass.mask, y.data());
    }
    // y = mean of the rows of x [steps, C]
    kernels::column_means(x.dimension(0), this->num_places(x), x.dimension(2), x.data(), y.data());
  }

  void backward(ConstTensorMap<T, 3> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dy,
                TensorMap<T, 3> dx, const Pass& pass) const {
    if (!pass.needs_dx) return;
    if (pass.mask != nullptr) {
      return kernels::masked_means_gradient<T>(size_of(x), dy.data(), pass.mask, mask_of(pass, x),
                                               dx.data());
    }
    // dx = dy / steps in each row
    kernels::column_means_gradient<T>(x.dimension(0), this->num_places(x), x.dimension(2),
                                      dy.data(), mask_of(pass, x), dx.data());
  }

  [[nodiscard]] static GlobalAveragePooling1D from_arguments(const Arguments& a) {
    return GlobalAveragePooling1D(GlobalAveragePooling1D::options_from(a));
  }

 private:
  [[nodiscard]] static kernels::SequenceSize size_of(const ConstTensorMap<T, 3>& x) {
    return {x.dimension(0), x.dimension(1), x.dimension(2)};
  }
};

}  // namespace nn
