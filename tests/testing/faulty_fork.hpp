// SPDX-License-Identifier: MIT
// A layer with two results in plain loops that can be wrong in several ways: what the form for
// merging layers must reject.
#pragma once

#include <span>
#include <string>

#include "nn/layer/multi_tensor_layer.hpp"

namespace nn::testing {

enum class ForkFault {
  none,
  sign_of_second_dy,
  unread_result_counts,
  write_behind_second_y,
  second_y_of_one_sample,
};

/// y_1 = 2 x, y_2 = 3 x.
template <Real T>
class FaultyFork {
 public:
  using Scalar = T;
  static constexpr Promises promises{.ignores_y = true};

  explicit FaultyFork(ForkFault fault) : fault_(fault) {}

  [[nodiscard]] static std::string name() { return "FaultyFork"; }
  [[nodiscard]] static Index num_results() { return 2; }
  [[nodiscard]] Shape output_shape(const Shape& sample) const { return sample; }
  [[nodiscard]] Shape output_shape(std::span<const Shape> samples, Index) const {
    if (samples.size() == 1) return samples[0];
    throw ShapeError{sentence({"FaultyFork", "one input", samples.size()})};
  }

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass&) const { y = x * T(2); }
  void backward(ConstTensorMap<T, 2>, ConstTensorMap<T, 2>, TensorMap<T, 2> dy, TensorMap<T, 2> dx,
                const Pass&) const {
    dx = dy * T(2);
  }

  void forward(Tensors<const T> x, Tensors<T> y, const Pass&) const {
    const Index size = x[0].size(), features = x[0].shape[1];
    for (Index i = 0; i < size; ++i) y[0].data[i] = x[0].data[i] * T(2);
    if (y.size() == 1) return;
    const Index count = fault_ == ForkFault::second_y_of_one_sample ? features : size;
    for (Index i = 0; i < count; ++i) y[1].data[i] = x[0].data[i] * T(3);
    if (fault_ == ForkFault::write_behind_second_y) y[1].data[size] = T(1);
  }
  void backward(Tensors<const T>, Tensors<const T>, Tensors<T> dy, Tensors<T> dx,
                const Pass&) const {
    const T* const first = dy[0].data;
    const T* second = dy.size() > 1 ? dy[1].data : nullptr;
    if (fault_ == ForkFault::unread_result_counts && second == nullptr) second = first;
    const T factor(fault_ == ForkFault::sign_of_second_dy ? -3 : 3);
    for (Index i = 0; dx[0].data != nullptr && i < dx[0].size(); ++i) {
      dx[0].data[i] = first == nullptr ? T(0) : first[i] * T(2);
      if (second != nullptr) dx[0].data[i] += second[i] * factor;
    }
  }

 private:
  ForkFault fault_;
};

}  // namespace nn::testing
