// SPDX-License-Identifier: MIT
// Repetition of vectors as the steps of a sequence.
#pragma once

#include <string>

#include "nn/kernels/rows/broadcast.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// Each sample n times, as steps of a sequence (Keras: RepeatVector): y[b,t,f] = x[b,f]
/// Shapes    x [N, features]   y [N, n, features]
/// Backward  dx[b,f] = sum_t dy[b,t,f]
/// Throws    std::invalid_argument for n below 1; ShapeError for samples that are not [features]
template <Real T = float>
class RepeatVector {
 public:
  using Scalar = T;
  static constexpr int output_rank = 3;

  explicit RepeatVector(Index n) : n_(n) { demand(n > 0, "RepeatVector", "n of 1 or more", n); }

  [[nodiscard]] static std::string name() { return "RepeatVector"; }

  [[nodiscard]] NN_COLD Shape output_shape(const Shape& input) const {
    demand<ShapeError>(input.rank() == 1, "RepeatVector", "samples [features]", input.to_string());
    return {n_, input[0]};
  }

  static constexpr Promises promises{.ignores_y = true};

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 3> y, const Pass&) const {
    steps_of(y).repeat(x.data(), y.data());
  }

  void backward(ConstTensorMap<T, 2>, ConstTensorMap<T, 3> y, TensorMap<T, 3> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    // dx = sum of dy over the steps
    if (pass.needs_dx) steps_of(y).sum(dy.data(), dx.data());
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("n", n_); }
  [[nodiscard]] static RepeatVector from_arguments(const Arguments& a) {
    return RepeatVector(a.get<Index>("n"));
  }

 private:
  [[nodiscard]] static kernels::Broadcast steps_of(const auto& y) {  // [N, 1, features] to y
    return {{y.dimension(0), 1, y.dimension(2)}, shape_of(y)};
  }

  Index n_;
};

}  // namespace nn
