// SPDX-License-Identifier: MIT
// Fully connected recurrent layer.
#pragma once

#include <string>
#include <utility>

#include "nn/layer/recurrent/recurrence.hpp"

namespace nn {

/// Options of SimpleRNN, with Keras' names and defaults.
struct SimpleRNNOptions {
  Activation activation = Activation::tanh;          ///< act
  bool use_bias = true;                              ///< add b
  Initializer kernel_initializer = GlorotUniform{};  ///< the first values of W
  Initializer recurrent_initializer = Orthogonal{};  ///< the first values of U
  Initializer bias_initializer = Zeros{};            ///< the first values of b
  bool return_sequences = false;                     ///< y has all steps; else the last one
  bool return_state = false;  ///< the states behind the last step are results too
  bool go_backwards = false;  ///< the last step is read first; y is in the order of reading
  bool stateful = false;      ///< a batch begins with the state that the last one ended with
  Index batch_size = 0;       ///< of a stateful layer: the samples of each batch
  Regularizer kernel_regularizer{}, recurrent_regularizer{}, bias_regularizer{};  ///< penalties
  /// Where each update brings W, U and b back to.
  Constraint kernel_constraint{}, recurrent_constraint{}, bias_constraint{};
};

namespace detail {

template <Real T>
struct SimpleRNNCell {
  static constexpr Index num_gates = 1;
  Activation activation;

  [[nodiscard]] static constexpr bool has_recurrent_bias() { return false; }

  void forward(const TimeStep<T>& s, kernels::Matrix<const T> U, const T*) const {
    // h = act(x W + b + h_before U)
    if (!s.is_first) {
      kernels::product<T>(s.matrix(s.h_before), U, s.matrix(s.gates),
                          {.accumulate = true, .kept_b = s.packed_U});
    }
    kernels::activate_gates(activation, s.rows * s.units, s.gates, s.h);
  }

  void backward(const TimeStep<T>& s, kernels::Matrix<const T> U) const {
    // dz = dh act'(z)   dh_before = dz U^T
    kernels::activation_gradient<T>(activation, s.rows * s.units, nullptr, s.h, s.dh, s.dgates);
    if (s.is_first) return;
    kernels::product<T>(s.matrix(s.dgates), U.transposed(), s.matrix(s.dh), {.kept_b = s.packed_U});
  }

  /// dU += h_before^T dz
  void recurrent_gradient(const TimeStep<T>& all, kernels::Matrix<T> dU, bool accumulate) const {
    kernels::product<T>(all.matrix(all.h_before).transposed(), all.matrix(all.dgates), dU,
                        {.accumulate = accumulate});
  }
};

}  // namespace detail

/// Fully connected recurrent layer (Elman 1990; Keras: SimpleRNN). Of each step x_t of a sequence,
/// from h = 0 on:  h <- act(x_t W + b + h U).   y is the last h, or with return_sequences each h.
/// `nn::apply(SimpleRNN{…}, {x, h})` begins with this h (Keras: initial_state); with return_state
/// the last h is a result behind y.
/// Shapes    x [N, steps, in]   W [in, units]   U [units, units]   b [units]
///           y [N, units] or [N, steps, units]   h [N, units]
/// Backward  through time, from the last step to the first: dz = dh act'(z)   dh_before = dz U^T
///           dW += sum_t x_t^T dz   dU += sum_t h_before^T dz   db += sum_t dz   dx_t = dz W^T
/// Init      W: Glorot uniform (Glorot and Bengio 2010)   U: orthogonal   b: 0
/// Throws    std::invalid_argument unless units is positive, and for an activation whose slope does
///           not follow from its result; ShapeError for samples that are not [steps, features], and
///           for other states to begin with than h
template <Real T = float>
class SimpleRNN : public detail::Recurrence<T, detail::SimpleRNNCell<T>> {
  using Base = detail::Recurrence<T, detail::SimpleRNNCell<T>>;

 public:
  explicit SimpleRNN(Index units, const SimpleRNNOptions& options = {})
      : Base("SimpleRNN", units, {options.activation}, detail::RecurrenceOptions(options)),
        options_(options) {
    detail::require_gate_activation("SimpleRNN", options.activation);
  }

  [[nodiscard]] static std::string name() { return "SimpleRNN"; }
  /// The same layer in the other direction, with weights of its own.
  [[nodiscard]] SimpleRNN reversed() const {
    return SimpleRNN(this->units(), detail::reversed(options_));
  }

  [[nodiscard]] Arguments arguments() const {
    Arguments arguments{name()};
    arguments.set("units", this->units())
        .set("activation", options_.activation)
        .set("use_bias", options_.use_bias)
        .set("kernel_initializer", options_.kernel_initializer)
        .set("recurrent_initializer", options_.recurrent_initializer)
        .set("bias_initializer", options_.bias_initializer)
        .set("return_sequences", options_.return_sequences)
        .set("go_backwards", options_.go_backwards)
        .set_rules(options_);
    return detail::with_states(std::move(arguments), options_);
  }
  [[nodiscard]] static SimpleRNN from_arguments(const Arguments& a) {
    const SimpleRNNOptions options{
        .activation = a.get<Activation>("activation"),
        .use_bias = a.get<bool>("use_bias"),
        .kernel_initializer = a.get<Initializer>("kernel_initializer"),
        .recurrent_initializer = a.get<Initializer>("recurrent_initializer"),
        .bias_initializer = a.get<Initializer>("bias_initializer"),
        .return_sequences = a.get<bool>("return_sequences"),
        .go_backwards = a.get<bool>("go_backwards")};
    return SimpleRNN(a.get<Index>("units"), a.with_rules(detail::read_states(a, options)));
  }

 private:
  SimpleRNNOptions options_;
};

}  // namespace nn
