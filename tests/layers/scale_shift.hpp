// SPDX-License-Identifier: MIT
// A layer with parameters and nothing else: the file that a new layer starts as a copy of.
#pragma once

#include <string>

#include "nn/layer/layer.hpp"

namespace nn {

/// Options of ScaleShift.
struct ScaleShiftOptions {
  Initializer scale_initializer = Constant{1};  ///< the first values of scale
  Initializer shift_initializer = Zeros{};      ///< the first values of shift
};

/// Scales and shifts each feature: y = x * scale + shift. Inputs of a higher rank are taken as rows
/// of their last axis.
/// Shapes    x [N, features]   scale [features]   shift [features]   y like x
/// Backward  dscale += sum_n dy * x   dshift += sum_n dy   dx = dy * scale
/// Init      scale: one   shift: zero
/// Throws    ShapeError for samples without a feature
template <Real T = float>
class ScaleShift {
 public:
  using Scalar = T;

  explicit ScaleShift(const ScaleShiftOptions& options = {}) : options_(options) {}

  [[nodiscard]] static std::string name() { return "ScaleShift"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    if (input.empty() || input.back() == 0) {
      refuse<ShapeError>({"ScaleShift", "samples with at least one feature", input.to_string()});
    }
    return input;
  }

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const {
    const ConstTensorMap<T, 1> scale = scale_.value(), shift = shift_.value();  // [features]
    for (Index n = 0; n < x.dimension(0); ++n) {
      for (Index i = 0; i < x.dimension(1); ++i) {
        // y = x * scale + shift
        y(n, i) = x(n, i) * scale(i) + shift(i);
      }
    }
  }

  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    const ConstTensorMap<T, 1> scale = scale_.value();                       // [features]
    TensorMap<T, 1> dscale = scale_.gradient(), dshift = shift_.gradient();  // [features]
    for (Index n = 0; n < x.dimension(0); ++n) {
      for (Index i = 0; i < x.dimension(1); ++i) {
        // dscale += sum_n dy * x
        dscale(i) += dy(n, i) * x(n, i);
        // dshift += sum_n dy
        dshift(i) += dy(n, i);
        // dx = dy * scale
        if (pass.needs_dx) dx(n, i) = dy(n, i) * scale(i);
      }
    }
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    list.add(scale_, "scale", {input.back()}, options_.scale_initializer);
    list.add(shift_, "shift", {input.back()}, options_.shift_initializer);
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}
        .set("scale_initializer", options_.scale_initializer)
        .set("shift_initializer", options_.shift_initializer);
  }
  [[nodiscard]] static ScaleShift from_arguments(const Arguments& a) {
    return ScaleShift({.scale_initializer = a.get<Initializer>("scale_initializer"),
                       .shift_initializer = a.get<Initializer>("shift_initializer")});
  }

 private:
  ScaleShiftOptions options_;
  Parameter<T, 1> scale_;  // [features]
  Parameter<T, 1> shift_;  // [features]
};

}  // namespace nn
