// SPDX-License-Identifier: MIT
// Several tensors side by side.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "nn/core/checked.hpp"
#include "nn/kernels/rows/copy.hpp"
#include "nn/layer/merged_elements.hpp"
#include "nn/layer/promises.hpp"

namespace nn {

/// The inputs one behind the other along an axis (Keras: Concatenate). The axis counts that of the
/// batch, which is 0; negative ones count from the end, -1 is the last.
/// Shapes    x_i [N, ...], the same but for their sizes along the axis   y has the sum of those
/// Backward  dx_i = the part of dy that x_i became
/// Throws    std::invalid_argument for axis 0; ShapeError for fewer than two inputs, for samples
///           without the axis, and for other sizes that differ
template <Real T = float>
class Concatenate {
 public:
  using Scalar = T;

  NN_COLD explicit Concatenate(Index axis = -1) : axis_(axis) {
    demand(axis != 0, "Concatenate", "an axis of samples", "0, the axis of the batch");
  }

  [[nodiscard]] static std::string name() { return "Concatenate"; }

  [[nodiscard]] NN_COLD Shape output_shape(std::span<const Shape> inputs) const {
    require_several("Concatenate", inputs);
    const Index axis = sample_axis("Concatenate", axis_, inputs[0]);
    Index size = 0;
    for (const Shape& input : inputs) {
      if (input.rank() != inputs[0].rank() ||
          with_size(input, axis, 0) != with_size(inputs[0], axis, 0)) {
        refuse<ShapeError>({"Concatenate",
                            {"inputs like ", inputs[0].to_string(), " on all axes but ", axis_},
                            input.to_string(),
                            "axis 0 is that of the batch",
                            "give the branches the same strides, or choose another axis"});
      }
      size = checked_sum({size, input[axis]});
    }
    return with_size(inputs[0], axis, size);
  }

  static constexpr Promises promises{.ignores_y = true, .keeps_mask = true};

  void forward(Tensors<const T> x, TensorRef<T> y, const Pass&) const {
    // Each x_i is some columns of y [rows before the axis, elements from the axis on].
    Index col = 0;
    for (const TensorRef<const T>& each : x) {
      const auto from = from_axis(each);
      kernels::copy_rows(from, from_axis(y).block(0, col, from.rows, from.cols));
      col += from.cols;
    }
  }

  void backward(Tensors<const T>, TensorRef<const T>, TensorRef<T> dy, Tensors<T> dx,
                const Pass&) const {
    // dx_i = the same columns of dy
    Index col = 0;
    for (const TensorRef<T>& each : dx) {
      const auto to = from_axis(each);
      if (each.data != nullptr) {
        kernels::copy_rows<T>(from_axis(dy).block(0, col, to.rows, to.cols), to);
      }
      col += to.cols;
    }
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("axis", axis_); }
  [[nodiscard]] static Concatenate from_arguments(const Arguments& a) {
    return Concatenate(a.get<Index>("axis"));
  }

 private:
  [[nodiscard]] static Shape with_size(const Shape& shape, Index axis, Index size) {
    Shape result;
    for (Index i = 0; i < shape.rank(); ++i) result.push_back(i == axis ? size : shape[i]);
    return result;
  }
  /// The tensor as a matrix whose rows begin at the axis.
  template <class U>
  [[nodiscard]] kernels::Matrix<U> from_axis(const TensorRef<U>& x) const {
    const Index rank = x.shape.rank(), axis = axis_ > 0 ? axis_ : axis_ + rank;
    Index rows = 1, cols = 1;
    for (Index i = 0; i < rank; ++i) (i < axis ? rows : cols) *= x.shape[i];
    return {x.data, rows, cols};
  }

  Index axis_;
};

}  // namespace nn
