// SPDX-License-Identifier: MIT
// Exponential linear unit.
#pragma once

#include <string>

#include "nn/core/finite.hpp"
#include "nn/kernels/elementwise/elementwise.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Exponential linear unit (Clevert, Unterthiner and Hochreiter 2016; Keras: ELU).
///     y = x for x > 0,  else alpha * (exp(x) - 1)
/// `Activation::elu` is this one with its alpha of 1.
/// Shapes    x [N, ...]   y like x
/// Backward  dx = dy for x > 0,  else dy * (y + alpha)
/// Throws    std::invalid_argument for an alpha that is not finite, also after conversion to T
template <Real T = float>
class ELU {
 public:
  using Scalar = T;

  explicit ELU(double alpha = 1) : alpha_(alpha) {
    demand(is_finite(alpha), "ELU", "a finite alpha", alpha);
    demand(is_finite(T(alpha)), "ELU", "an alpha in the range of float", alpha);
  }

  [[nodiscard]] static std::string name() { return "ELU"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }

  static constexpr Promises promises{.keeps_mask = true};

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const {
    // y = x > 0 ? x : alpha * (exp(x) - 1)
    kernels::elu(x.size(), x.data(), T(alpha_), y.data());
  }

  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2> y, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    // dx = x > 0 ? dy : dy * (y + alpha), as alpha * exp(x) = y + alpha
    if (!pass.needs_dx) return;
    kernels::elu_gradient(x.size(), x.data(), y.data(), T(alpha_), dy.data(), dx.data());
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("alpha", alpha_); }
  [[nodiscard]] static ELU from_arguments(const Arguments& a) {
    return ELU(a.get<double>("alpha"));
  }

 private:
  double alpha_;
};

}  // namespace nn
