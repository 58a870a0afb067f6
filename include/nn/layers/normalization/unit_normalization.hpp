// SPDX-License-Identifier: MIT
// Vectors scaled to length 1.
#pragma once

#include <string>

#include "nn/kernels/normalization/unit_length.hpp"
#include "nn/kernels/rows/copy.hpp"
#include "nn/layer/layer.hpp"
#include "nn/layer/sample_axis.hpp"

namespace nn {

/// Scales each vector along an axis to length 1 (Keras: UnitNormalization): y = x / |x|. The axis
/// counts that of the batch, which is 0; -1 is the last.
/// Shapes    x [N, ...]   y like x
/// Backward  dx = (dy - y (y . dy)) / |x|
/// A length below 1e-12 counts as 1e-12.
/// Throws    std::invalid_argument for axis 0; ShapeError for samples without the axis
template <Real T = float>
class UnitNormalization {
 public:
  using Scalar = T;
  static constexpr int input_rank = any_rank;
  static constexpr int output_rank = any_rank;

  explicit UnitNormalization(Index axis = -1) : axis_(axis) {
    demand(axis != 0, "UnitNormalization", "an axis of samples", "0, the axis of the batch");
  }

  [[nodiscard]] static std::string name() { return "UnitNormalization"; }

  [[nodiscard]] Shape output_shape(const Shape& input) const {
    static_cast<void>(sample_axis("UnitNormalization", axis_, input));
    return input;
  }

  static constexpr Promises promises{.ignores_y = true, .keeps_mask = true};

  void forward(TensorRef<const T> x, TensorRef<T> y, const Pass&) const {
    // y = x / |x|
    kernels::to_unit_length(along_axis(x.shape, axis_), x.data, y.data, T(least));
  }

  void backward(TensorRef<const T> x, TensorRef<const T>, TensorRef<T> dy, TensorRef<T> dx,
                const Pass& pass) const {
    if (!pass.needs_dx) return;
    // dx = (dy - y (y . dy)) / |x|
    kernels::copy<T>(dy.size(), dy.data, dx.data);
    kernels::unit_length_gradient(along_axis(x.shape, axis_), x.data, dx.data, T(least));
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("axis", axis_); }
  [[nodiscard]] static UnitNormalization from_arguments(const Arguments& a) {
    return UnitNormalization(a.get<Index>("axis"));
  }

 private:
  static constexpr double least = 1e-12;  // Keras' bound

  Index axis_;
};

}  // namespace nn
