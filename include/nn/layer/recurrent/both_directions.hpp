// SPDX-License-Identifier: MIT
// What joins the two layers of a Bidirectional.
#pragma once

#include <span>
#include <string>

#include "nn/core/error.hpp"
#include "nn/kernels/rows/directions.hpp"
#include "nn/layer/merging_layer.hpp"
#include "nn/layer/promises.hpp"

namespace nn {

[[nodiscard]] inline const char* to_string(MergeMode mode) {
  constexpr const char* names[] = {"concat", "sum", "mul", "ave"};
  return names[static_cast<int>(mode)];
}

namespace detail {

/// y_t = a_t merged with b_t, where b is in the order of its reading: the last step first. A masked
/// step of sequences is 0, as in Keras.
/// Shapes    a, b [N, units] or [N, steps, units]   y likewise, or 2 units wide
/// Backward  the sum and what lies side by side: da = dy, db = dy; the mean: half of it;
///           the product: da = dy b, db = dy a
/// Throws    ShapeError where a and b have different shapes
template <Real T>
class BothDirections {
 public:
  using Scalar = T;

  explicit BothDirections(MergeMode mode) : mode_(mode) {}

  [[nodiscard]] static std::string name() { return "BothDirections"; }

  [[nodiscard]] NN_COLD Shape output_shape(std::span<const Shape> inputs) const {
    const Shape& input = inputs[0];
    if (input.rank() != 1 && input.rank() != 2) {
      refuse<ShapeError>({"Bidirectional", "layers that make [units] or [steps, units] of a sample",
                          input.to_string()});
    }
    if (input != inputs[1]) {
      refuse<ShapeError>({"Bidirectional",
                          "results of one shape from both directions",
                          {input.to_string(), " and ", inputs[1].to_string()}});
    }
    if (mode_ != MergeMode::concat) return input;
    Shape output(input.begin(), input.end() - 1);
    output.push_back(2 * input.back());
    return output;
  }

  static constexpr Promises promises{.ignores_y = true, .keeps_mask = true};

  void forward(Tensors<const T> x, TensorRef<T> y, const Pass& pass) const {
    kernels::merge_directions(size_of(x[0].shape), mode_, pass.mask, x[0].data, x[1].data, y.data);
  }

  void backward(Tensors<const T> x, TensorRef<const T>, TensorRef<T> dy, Tensors<T> dx,
                const Pass& pass) const {
    kernels::merge_directions_gradient<T>(size_of(x[0].shape), mode_, pass.mask, x[0].data,
                                          x[1].data, dy.data, dx[0].data, dx[1].data);
  }

 private:
  /// A single result is a sequence of one step.
  [[nodiscard]] static kernels::SequenceSize size_of(const Shape& x) {
    return {x[0], x.rank() == 3 ? x[1] : 1, x.back()};
  }

  MergeMode mode_;
};

}  // namespace detail
}  // namespace nn
