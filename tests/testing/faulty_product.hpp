// SPDX-License-Identifier: MIT
// A product of several inputs in plain loops that can be wrong in many ways: what the form for
// merging layers must reject.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "nn/core/parallel.hpp"
#include "nn/layer/merging_layer.hpp"
#include "nn/layer/promises.hpp"

namespace nn::testing {

enum class MergingFault {
  none,
  sign_of_second_dx,
  first_dx_alone,
  dx_added,
  dx_of_one_sample,
  write_behind_second_dx,
  write_behind_y,
  x_changed,
  y_read,
  y_of_one_sample,
  samples_mixed,
  other_float,
  result_of_thread_count,
  other_sentence,
  output_shape_too_large,
  lost_argument,
  unread_argument,
  no_scale_gradient,
  scale_gradient_beside_first_dx,
  write_behind_memory,
};

/// y = s x_1 x_2 ..., of vectors.   x_i, y [N, features]   s [1]
template <Real T>
class FaultyProduct {
 public:
  using Scalar = T;
  static constexpr Promises promises{.ignores_y = true};

  explicit FaultyProduct(MergingFault fault) : fault_(fault) {}

  [[nodiscard]] static std::string name() { return "FaultyProduct"; }
  [[nodiscard]] Shape output_shape(std::span<const Shape> inputs) const {
    for (const Shape& input : inputs) {
      if (input == inputs[0]) continue;
      throw ShapeError{sentence({"FaultyProduct", inputs[0].to_string(), input.to_string(),
                                 is(MergingFault::other_sentence) ? "another sentence" : ""})};
    }
    return {is(MergingFault::output_shape_too_large) ? inputs[0][0] + 1 : inputs[0][0]};
  }

  /// The products without s.
  [[nodiscard]] Index workspace_bytes(std::span<const Shape> x, bool) const {
    return x[0].num_elements() * static_cast<Index>(sizeof(T));
  }
  void parameters(std::span<const Shape>, ParameterList<T>& list) {
    list.add(scale_, "scale", {1}, Ones{});
  }

  void forward(Tensors<const T> x, TensorRef<T> y, const Pass& pass) const {
    T* const products = reinterpret_cast<T*>(pass.memory);
    const Index features = x[0].shape[1];
    const Index count = is(MergingFault::y_of_one_sample) ? features : y.size();
    for (Index i = 0; i < count; ++i) {
      products[i] = product_without(x, x.size(), i);
      y.data[i] = products[i] * scale() + extra();
      if (is(MergingFault::samples_mixed)) y.data[i] += x[0].data[0];
    }
    if (is(MergingFault::write_behind_memory)) products[y.size()] = T(1);
    if (is(MergingFault::write_behind_y)) y.data[y.size()] = T(1);
    if (is(MergingFault::x_changed)) *const_cast<T*>(x[1].data) += T(1);
  }

  void backward(Tensors<const T> x, TensorRef<const T> y, TensorRef<T> dy, Tensors<T> dx,
                const Pass& pass) const {
    const bool gives_scale = !is(MergingFault::scale_gradient_beside_first_dx) || dx[0].data;
    if (gives_scale && !is(MergingFault::no_scale_gradient) && !pass.is_frozen) {
      const T* const products = reinterpret_cast<const T*>(pass.memory);
      for (Index i = 0; i < dy.size(); ++i) scale_.gradient()(0) += dy.data[i] * products[i];
    }
    const Index features = x[0].shape[1];
    const Index count = is(MergingFault::dx_of_one_sample) ? features : dy.size();
    for (std::size_t k = 0; k < dx.size(); ++k) {
      if (dx[k].data == nullptr) continue;
      if (is(MergingFault::first_dx_alone) && k > 0 && dx[0].data == nullptr) continue;
      for (Index i = 0; i < count; ++i) {
        T value = is(MergingFault::y_read) ? dy.data[i] * y.data[i] / x[k].data[i]
                                           : dy.data[i] * product_without(x, k, i) * scale();
        if (is(MergingFault::sign_of_second_dx) && k == 1) value = -value;
        if (is(MergingFault::dx_added)) value += dx[k].data[i];
        dx[k].data[i] = value;
      }
      if (is(MergingFault::write_behind_second_dx) && k == 1) dx[1].data[dy.size()] = T(1);
    }
  }

  [[nodiscard]] Arguments arguments() const {
    Arguments arguments{name()};
    arguments.set("fault", static_cast<Index>(fault_));
    if (is(MergingFault::unread_argument)) arguments.set("axis", 1);
    return arguments;
  }
  [[nodiscard]] static FaultyProduct from_arguments(const Arguments& a) {
    const auto fault = static_cast<MergingFault>(a.get<Index>("fault"));
    return FaultyProduct(fault == MergingFault::lost_argument ? MergingFault::none : fault);
  }

 private:
  [[nodiscard]] bool is(MergingFault fault) const { return fault_ == fault; }

  /// The product of element i of all inputs but one.
  [[nodiscard]] static T product_without(Tensors<const T> x, std::size_t left_out, Index i) {
    T product(1);
    for (std::size_t k = 0; k < x.size(); ++k) {
      if (k != left_out) product *= x[k].data[i];
    }
    return product;
  }
  /// What some faults add to every output.
  [[nodiscard]] T extra() const {
    if (is(MergingFault::result_of_thread_count)) return T(1e-12 * num_threads());
    if (is(MergingFault::other_float) && sizeof(T) == sizeof(float)) return T(1e-3);
    return T(0);
  }

  [[nodiscard]] T scale() const { return scale_.value()(0); }

  MergingFault fault_;
  Parameter<T, 1> scale_;
};

}  // namespace nn::testing
