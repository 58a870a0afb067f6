// SPDX-License-Identifier: MIT
// Steps of sequences that are padding.
#pragma once

#include <string>

#include "nn/kernels/rows/step_mask.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Masks the steps of a sequence that have nothing but mask_value (Keras: Masking): y_t = x_t, or 0
/// at a masked step. The mask goes with y through all layers that treat each step alone (Dense,
/// activations, Dropout, sums, …) and recurrent ones, which keep their state over masked steps. The
/// mean of GlobalAveragePooling1D, losses and weighted metrics leave them out. It ends where a
/// layer mixes steps, such as a convolution, or makes something else of them, such as Flatten.
/// Shapes    x [N, steps, features]   y like x
/// Backward  dx_t = dy_t, or 0 at a masked step
/// Throws    ShapeError for samples that are not [steps, features]
template <Real T = float>
class Masking {
 public:
  using Scalar = T;
  static constexpr int input_rank = 3;
  static constexpr int output_rank = 3;

  explicit Masking(double mask_value = 0) : mask_value_(mask_value) {}

  [[nodiscard]] static std::string name() { return "Masking"; }

  [[nodiscard]] NN_COLD Shape output_shape(const Shape& input) const {
    if (input.rank() == 2) return input;
    refuse<ShapeError>({"Masking", "samples [steps, features]", input.to_string()});
  }

  static constexpr Promises promises{.ignores_y = true};

  void forward(ConstTensorMap<T, 3> x, TensorMap<T, 3> y, const Pass&) const {
    keep_steps(x, x.data(), y.data());
  }

  void backward(ConstTensorMap<T, 3> x, ConstTensorMap<T, 3>, TensorMap<T, 3> dy,
                TensorMap<T, 3> dx, const Pass& pass) const {
    if (pass.needs_dx) keep_steps(x, dy.data(), dx.data());
  }

  [[nodiscard]] static bool makes_mask() { return true; }
  void make_mask(ConstTensorMap<T, 3> x, bool* mask) const {
    const Index size = x.dimension(2);
    for (Index row = 0; row < x.dimension(0) * x.dimension(1); ++row) {
      mask[row] = kernels::differs_from(x.data() + row * size, size, T(mask_value_));
    }
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}.set("mask_value", mask_value_);
  }
  [[nodiscard]] static Masking from_arguments(const Arguments& a) {
    return Masking(a.get<double>("mask_value"));
  }

 private:
  void keep_steps(const ConstTensorMap<T, 3>& x, const T* from, T* to) const {
    kernels::keep_rows_other_than(T(mask_value_), x.dimension(0) * x.dimension(1), x.dimension(2),
                                  x.data(), from, to);
  }

  double mask_value_;
};

}  // namespace nn
