// SPDX-License-Identifier: MIT
// A fully connected layer in plain loops that can be wrong in many ways: what the form must reject.
#pragma once

#include <string>
#include <vector>

#include "nn/core/parallel.hpp"
#include "nn/kernels/elementwise/formulas.hpp"
#include "nn/layer/layer.hpp"

namespace nn::testing {

enum class Fault {
  none,
  sign_of_dx,
  sign_of_kernel_gradient,
  no_bias_gradient,
  bias_gradient_of_one_sample,
  gradient_assigned,
  gradient_always_added,
  dx_added,
  dx_of_one_sample,
  kernel_gradient_only_with_dx,
  y_of_one_sample,
  write_behind_dx,
  write_behind_memory,
  state_for_backward,
  state_in_forward,
  output_shape_too_large,
  other_sentence,
  allocation,
  result_of_thread_count,
  mask_ignored,
  activation_ignored,
  affine_ignored,
  no_activation_but_relu,
  gradient_doubled_by_activation,
  constant_dx,
  samples_mixed,
  other_float,
  other_inference,
  other_each_step,
  lost_argument,
};

/// y = act(x W + b) with 2 units.   x [N, in]   W [in, 2]   b [2]   y [N, 2]
template <Real T>
class FaultyDense {
 public:
  using Scalar = T;
  static constexpr Promises promises{.applies_activation = true,
                                     .applies_affine = true,
                                     .masks_dx = true,
                                     .assigns_gradients = true};

  explicit FaultyDense(Fault fault) : fault_(fault) {}

  [[nodiscard]] static std::string name() { return "FaultyDense"; }
  [[nodiscard]] Shape output_shape(const Shape& input) const {
    if (input.rank() != 1) {
      throw ShapeError{sentence({"FaultyDense", "samples of rank 1", input.to_string(),
                                 is(Fault::other_sentence) ? "another sentence" : ""})};
    }
    return {is(Fault::output_shape_too_large) ? units + 1 : units};
  }

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const Pass& pass) const {
    const Index rows = is(Fault::y_of_one_sample) ? 1 : x.dimension(0);
    for (Index n = 0; n < rows; ++n) {
      for (Index j = 0; j < units; ++j) {
        T sum = b_.value()(j) + extra(n, pass);
        for (Index i = 0; i < x.dimension(1); ++i) sum += x(n, i) * W_.value()(i, j);
        if (is(Fault::samples_mixed)) sum += x(0, 0);
        const bool is_ignored =
            is(Fault::activation_ignored) ||
            (is(Fault::no_activation_but_relu) && pass.activation != Activation::relu);
        y(n, j) = kernels::activate(is_ignored ? Activation::linear : pass.activation, sum);
      }
    }
    if (is(Fault::write_behind_memory) && pass.training) pass.memory[memory_size] = std::byte{1};
    if (is(Fault::allocation)) std::vector<T>(3).swap(kept_x_);
    if (is(Fault::state_for_backward)) kept_x_.assign(x.data(), x.data() + x.size());
    if (is(Fault::state_in_forward)) kept_x_.resize(kept_x_.size() + 1);
  }

  void forward(ConstTensorMap<T, 2> x, TensorMap<T, 2> y, const kernels::Affine<T>& affine,
               const Pass& pass) const {
    Pass without = pass;
    without.activation = Activation::linear;
    forward(x, y, without);
    for (Index i = 0; i < y.size(); ++i) {
      T& value = y.data()[i];
      const Index j = i % units;
      if (!is(Fault::affine_ignored)) value = value * affine.scale[j] + affine.shift[j];
      value = kernels::activate(pass.activation, value);
    }
  }

  void backward(ConstTensorMap<T, 2> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dy,
                TensorMap<T, 2> dx, const Pass& pass) const {
    if (is(Fault::gradient_doubled_by_activation) && pass.activation != Activation::linear) {
      for (Index i = 0; i < dy.size(); ++i) dy.data()[i] *= T(2);
    }
    const T* x_data = is(Fault::state_for_backward) ? kept_x_.data() : x.data();
    add_parameter_gradients(x_data, x, dy, pass);
    if (!pass.needs_dx) return;
    const Index rows = is(Fault::dx_of_one_sample) ? 1 : x.dimension(0);
    for (Index n = 0; n < rows; ++n) {
      for (Index i = 0; i < x.dimension(1); ++i) {
        T sum = is(Fault::dx_added) ? dx(n, i) : T(is(Fault::constant_dx) ? 1e-4 : 0);
        for (Index j = 0; j < units; ++j) sum += dy(n, j) * W_.value()(i, j);
        if (is(Fault::sign_of_dx)) sum = -sum;
        const bool masked = pass.dx_is_masked && !is(Fault::mask_ignored) && !(x(n, i) > T(0));
        dx(n, i) = masked ? T(0) : sum;
      }
    }
    if (is(Fault::write_behind_dx)) dx.data()[dx.size()] = T(1);
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    list.add(W_, "kernel", {input.back(), units}, GlorotUniform{});
    list.add(b_, "bias", {units}, Zeros{});
  }
  [[nodiscard]] Index workspace_bytes(const Shape&, bool training) const {
    return training ? memory_size : 0;
  }

  [[nodiscard]] Arguments arguments() const {
    return Arguments{name()}.set("fault", static_cast<Index>(fault_));
  }
  [[nodiscard]] static FaultyDense from_arguments(const Arguments& a) {
    const auto fault = static_cast<Fault>(a.get<Index>("fault"));
    return FaultyDense(fault == Fault::lost_argument ? Fault::none : fault);
  }

 private:
  static constexpr Index units = 2;
  static constexpr Index memory_size = 8;

  [[nodiscard]] bool is(Fault fault) const { return fault_ == fault; }

  /// What some faults add to every output.
  [[nodiscard]] T extra(Index, const Pass& pass) const {
    if (is(Fault::result_of_thread_count)) return T(1e-12 * num_threads());
    if (is(Fault::other_float) && sizeof(T) == sizeof(float)) return T(1e-3);
    if (is(Fault::other_inference)) return T(pass.training ? 0 : 1e-3);
    if (is(Fault::other_each_step)) return T(1e-3 * static_cast<double>(pass.step));
    if (is(Fault::state_in_forward)) return T(1e-3 * static_cast<double>(kept_x_.size()));
    return T(0);
  }

  void add_parameter_gradients(const T* x, const ConstTensorMap<T, 2>& shape,
                               const TensorMap<T, 2>& dy, const Pass& pass) const {
    if (is(Fault::kernel_gradient_only_with_dx) && !pass.needs_dx) return;
    const Index in = shape.dimension(1);
    const bool adds =
        pass.accumulate ? !is(Fault::gradient_assigned) : is(Fault::gradient_always_added);
    if (!adds) W_.gradient().setConstant(T(0));
    if (!adds) b_.gradient().setConstant(T(0));
    for (Index n = 0; n < shape.dimension(0); ++n) {
      for (Index j = 0; j < units; ++j) {
        for (Index i = 0; i < in; ++i) {
          const T term = x[n * in + i] * dy(n, j);
          W_.gradient()(i, j) += is(Fault::sign_of_kernel_gradient) ? -term : term;
        }
        const bool left_out =
            is(Fault::no_bias_gradient) || (is(Fault::bias_gradient_of_one_sample) && n > 0);
        if (!left_out) b_.gradient()(j) += dy(n, j);
      }
    }
  }

  Fault fault_;
  mutable std::vector<T> kept_x_;  // what no layer may have
  Parameter<T, 2> W_;              // [in, 2]
  Parameter<T, 1> b_;              // [2]
};

}  // namespace nn::testing
