// SPDX-License-Identifier: MIT
// Leaky rectified linear unit.
#pragma once

#include <string>

#include "nn/core/finite.hpp"
#include "nn/kernels/elementwise/elementwise.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Leaky rectified linear unit (Maas, Hannun and Ng 2013; Keras: LeakyReLU).
///     y = x for x > 0,  else negative_slope * x
/// The slope is 0.3 unless given; that of `Activation::leaky_relu` is 0.2. Both are Keras'.
/// Shapes    x [N, ...]   y like x
/// Backward  dx = dy for x > 0,  else negative_slope * dy
/// Throws    std::invalid_argument for a slope that is not finite, also after conversion to T
template <Real T = float>
class LeakyReLU {
 public:
  using Scalar = T;

  explicit LeakyReLU(double negative_slope = 0.3) : negative_slope_(negative_slope) {
    demand(is_finite(negative_slope), "LeakyReLU", "a finite negative_slope", negative_slope);
    demand(is_finite(T(negative_slope)), "LeakyReLU", "a negative_slope in the range of float",
           negative_slope);
  }

  [[nodiscard]] static std::string name() { return "LeakyReLU"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }

  static constexpr Promises promises{.keeps_mask = true};

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const {
    // y = x > 0 ? x : negative_slope * x
    kernels::leaky_relu(x.size(), x.data(), T(negative_slope_), y.data());
  }

  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    // dx = x > 0 ? dy : negative_slope * dy
    if (!pass.needs_dx) return;
    kernels::leaky_relu_gradient(x.size(), x.data(), T(negative_slope_), dy.data(), dx.data());
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}.set("negative_slope", negative_slope_);
  }
  [[nodiscard]] static LeakyReLU from_arguments(const Arguments& a) {
    return LeakyReLU(a.get<double>("negative_slope"));
  }

 private:
  double negative_slope_;
};

}  // namespace nn
