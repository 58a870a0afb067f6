// SPDX-License-Identifier: MIT
// Permute layer.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "nn/kernels/rows/permute.hpp"
#include "nn/layer/layer.hpp"

namespace nn {

/// The axes of a sample in another order (Keras: Permute). Axis i of y is axis `dims[i - 1]` of x,
/// where the batch's is 0: `nn::Permute{{2, 1}}` swaps two axes.
/// Shapes    x [N, a_1, a_2, ...]   y [N, a_dims[0], a_dims[1], ...]
/// Backward  dx = dy with the axes back in their order
/// Throws    std::invalid_argument unless dims has each of 1 .. 7 at most, up to its length, once;
///           ShapeError for samples of another rank
template <Real T = float>
class Permute {
 public:
  using Scalar = T;
  static constexpr int input_rank = any_rank;
  static constexpr int output_rank = any_rank;

  NN_COLD explicit Permute(std::vector<Index> dims) : dims_(std::move(dims)) {
    demand(!dims_.empty() && std::ssize(dims_) < Shape::max_rank, "Permute", "dims of 1 to 7 axes",
           std::ssize(dims_));
    for (Index axis = 1; axis <= std::ssize(dims_); ++axis) {
      const auto times = std::count(dims_.begin(), dims_.end(), axis);
      if (times == 1) continue;
      refuse({"Permute",
              {"dims with each axis from 1 to ", std::ssize(dims_), " once"},
              {"axis ", axis, " ", times, " times"}});
    }
  }

  [[nodiscard]] static std::string name() { return "Permute"; }

  [[nodiscard]] NN_COLD Shape output_shape(const Shape& input) const {
    if (input.rank() != std::ssize(dims_)) {
      refuse<ShapeError>(
          {"Permute", {"samples with ", std::ssize(dims_), " axes"}, input.to_string()});
    }
    Shape output;
    for (const Index axis : dims_) output.push_back(input[axis - 1]);
    return output;
  }

  static constexpr Promises promises{.ignores_y = true};

  void forward(TensorRef<const T> x, TensorRef<T> y, const Pass&) const {
    // y axis i = x axis order[i]; the batch's stays in front
    Shape order{0};
    for (const Index axis : dims_) order.push_back(axis);
    kernels::permute(x.shape, order, x.data, y.data);
  }

  void backward(TensorRef<const T>, TensorRef<const T> y, TensorRef<T> dy, TensorRef<T> dx,
                const Pass& pass) const {
    if (!pass.needs_dx) return;
    // dx axis order[i] = dy axis i
    Shape order{0};
    for (Index axis = 1; axis <= std::ssize(dims_); ++axis) {
      order.push_back(std::find(dims_.begin(), dims_.end(), axis) - dims_.begin() + 1);
    }
    kernels::permute<T>(y.shape, order, dy.data, dx.data);
  }

  [[nodiscard]] Arguments arguments() const { return Arguments{name()}.set("dims", dims_); }
  [[nodiscard]] static Permute from_arguments(const Arguments& a) {
    return Permute(a.get<std::vector<Index>>("dims"));
  }

 private:
  std::vector<Index> dims_;
};

}  // namespace nn
