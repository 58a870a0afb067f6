// SPDX-License-Identifier: MIT
// Rescaling layer: preprocessing that travels with the model.
#pragma once

#include <string>

#include "nn/core/finite.hpp"
#include "nn/kernels/elementwise/elementwise.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// y = x * scale + offset (Keras: Rescaling). As the first layer it turns bytes into small numbers,
/// and is saved with the model: `nn::Rescaling{1.0 / 255}`.
/// Shapes    x [N, ...]   y like x
/// Backward  dx = scale * dy
/// Throws    std::invalid_argument for numbers that are not finite, also after conversion to T
template <Real T = float>
class Rescaling {
 public:
  using Scalar = T;

  explicit Rescaling(double scale, double offset = 0) : scale_(scale), offset_(offset) {
    demand(is_finite(scale), "Rescaling", "a finite scale", scale);
    demand(is_finite(offset), "Rescaling", "a finite offset", offset);
    // An infinite scale times 0 would be NaN.
    demand(is_finite(T(scale)), "Rescaling", "a scale in the range of float", scale);
    demand(is_finite(T(offset)), "Rescaling", "an offset in the range of float", offset);
  }

  [[nodiscard]] static std::string name() { return "Rescaling"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const { return input; }

  static constexpr Promises promises{.keeps_mask = true};

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const {
    // y = x * scale + offset
    kernels::scale_shift(x.size(), x.data(), T(scale_), T(offset_), y.data());
  }

  void backward(ConstTensorMap<T, 2>, ConstTensorMap<T, 2>, TensorMap<T, 2> dy, TensorMap<T, 2> dx,
                const Pass& pass) const {
    // dx = scale * dy
    if (pass.needs_dx) kernels::scale_shift(dy.size(), dy.data(), T(scale_), T(0), dx.data());
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}.set("scale", scale_).set("offset", offset_);
  }
  [[nodiscard]] static Rescaling from_arguments(const Arguments& a) {
    return Rescaling(a.get<double>("scale"), a.get<double>("offset"));
  }

 private:
  double scale_;
  double offset_;
};

}  // namespace nn
