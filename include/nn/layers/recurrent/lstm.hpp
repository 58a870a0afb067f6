// SPDX-License-Identifier: MIT
// Long short-term memory.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "nn/layer/recurrent/recurrence.hpp"

namespace nn {

/// Options of LSTM, with Keras' names and defaults.
struct LSTMOptions {
  Activation activation = Activation::tanh;               ///< act, of g and of c
  Activation recurrent_activation = Activation::sigmoid;  ///< s, of the gates i, f and o
  bool use_bias = true;                                   ///< add b
  Initializer kernel_initializer = GlorotUniform{};       ///< the first values of W
  Initializer recurrent_initializer = Orthogonal{};       ///< the first values of U
  Initializer bias_initializer = Zeros{};                 ///< the first values of b
  bool unit_forget_bias = true;   ///< b of f begins with 1 (Jozefowicz, Zaremba, Sutskever 2015)
  bool return_sequences = false;  ///< y has all steps; else the last one
  bool return_state = false;      ///< the states behind the last step are results too
  bool go_backwards = false;      ///< the last step is read first; y is in the order of reading
  bool stateful = false;          ///< a batch begins with the state that the last one ended with
  Index batch_size = 0;           ///< of a stateful layer: the samples of each batch
  Regularizer kernel_regularizer{}, recurrent_regularizer{}, bias_regularizer{};  ///< penalties
  /// Where each update brings W, U and b back to.
  Constraint kernel_constraint{}, recurrent_constraint{}, bias_constraint{};
};

namespace detail {

/// The gates lie side by side: i, f, g, o. Kept beside h: c and act(c).
template <Real T>
struct LSTMCell {
  static constexpr Index num_gates = 4;
  static constexpr bool has_cell_state = true;  // kept[0] is handed on from step to step
  Activation activation, recurrent_activation;

  [[nodiscard]] static constexpr bool has_recurrent_bias() { return false; }

  void forward(const TimeStep<T>& s, kernels::Matrix<const T> U, const T*) const {
    const Index units = s.units;
    if (!s.is_first) {
      kernels::product<T>(s.matrix(s.h_before), U, s.matrix(s.gates, U.cols),
                          {.accumulate = true, .kept_b = s.packed_U});
    }
    for (Index n = 0; n < s.rows; ++n) {
      T *const i = s.gates + n * U.cols, *const f = i + units, *const g = f + units;
      T* const o = g + units;
      kernels::activate_gates(recurrent_activation, 2 * units, i, i);  // f too
      kernels::activate_gates(activation, units, g, g);
      kernels::activate_gates(recurrent_activation, units, o, o);
      // c = f c_before + i g
      const T* const c_before = s.kept_before[0] + n * units;
      T *const c = s.kept[0] + n * units, *const act_c = s.kept[1] + n * units;
      for (Index j = 0; j < units; ++j) c[j] = f[j] * c_before[j] + i[j] * g[j];
      kernels::activate_gates(activation, units, c, act_c);
      // h = o act(c)
      T* const h = s.h + n * units;
      for (Index j = 0; j < units; ++j) h[j] = o[j] * act_c[j];
    }
  }

  void backward(const TimeStep<T>& s, kernels::Matrix<const T> U) const {
    const Index units = s.units;
    for (Index n = 0; n < s.rows; ++n) {
      const T *const i = s.gates + n * U.cols, *const f = i + units, *const g = f + units;
      const T* const o = g + units;
      T *const di = s.dgates + n * U.cols, *const df = di + units, *const dg = df + units;
      T* const d_o = dg + units;
      const T* const c_before = s.kept_before[0] + n * units;
      const T* const act_c = s.kept[1] + n * units;
      const T* const dh = s.dh + n * units;
      T* const dc = s.dc + n * units;
      // do = dh act(c)   dc += dh o act'(c)
      for (Index j = 0; j < units; ++j) d_o[j] = dh[j] * o[j];
      kernels::activation_gradient<T>(activation, units, nullptr, act_c, d_o, d_o);
      for (Index j = 0; j < units; ++j) {
        dc[j] += d_o[j];
        d_o[j] = dh[j] * act_c[j];
        di[j] = dc[j] * g[j];
        df[j] = dc[j] * c_before[j];
        dg[j] = dc[j] * i[j];
        dc[j] *= f[j];  // of c_before
      }
      kernels::activation_gradient<T>(recurrent_activation, 2 * units, nullptr, i, di, di);
      kernels::activation_gradient<T>(activation, units, nullptr, g, dg, dg);
      kernels::activation_gradient<T>(recurrent_activation, units, nullptr, o, d_o, d_o);
    }
    // dh_before = dgates U^T
    if (s.is_first) return;
    kernels::product<T>(s.matrix(s.dgates, U.cols), U.transposed(), s.matrix(s.dh),
                        {.kept_b = s.packed_U});
  }

  /// dU += h_before^T dgates
  void recurrent_gradient(const TimeStep<T>& all, kernels::Matrix<T> dU, bool accumulate) const {
    kernels::product<T>(all.matrix(all.h_before).transposed(), all.matrix(all.dgates, dU.cols), dU,
                        {.accumulate = accumulate});
  }
};

}  // namespace detail

/// Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers,
/// Schmidhuber and Cummins 2000; Keras: LSTM). Of each step x_t of a sequence, from h = c = 0 on:
///           i = s(x_t Wi + h Ui + bi)   f = s(x_t Wf + h Uf + bf)   o = s(x_t Wo + h Uo + bo)
///           g = act(x_t Wg + h Ug + bg)   c <- f c + i g   h <- o act(c)
/// y is the last h, or with return_sequences each h. `nn::apply(LSTM{…}, {x, h, c})` begins with
/// these states (Keras: initial_state); with return_state the last h and c are results behind y.
/// Shapes    x [N, steps, in]   W [in, 4 units]   U [units, 4 units]   b [4 units], as i, f, g, o
///           y [N, units] or [N, steps, units]   h, c [N, units]
/// Backward  through time: from the last step to the first, by the chain rule
/// Init      W: Glorot uniform   U: orthogonal   b: 0, of f 1
/// Throws    std::invalid_argument unless units is positive, for an activation whose slope does not
///           follow from its result, and for unit_forget_bias beside a bias that begins with
///           anything but zeros; ShapeError for samples that are not [steps, features], and for
///           other states to begin with than h and c
template <Real T = float>
class LSTM : public detail::Recurrence<T, detail::LSTMCell<T>> {
  using Base = detail::Recurrence<T, detail::LSTMCell<T>>;

 public:
  explicit LSTM(Index units, const LSTMOptions& options = {})
      : Base("LSTM", units, {options.activation, options.recurrent_activation},
             detail::RecurrenceOptions(with_first_bias(options))),
        options_(options) {
    detail::require_gate_activation("LSTM", options.activation);
    detail::require_gate_activation("LSTM", options.recurrent_activation);
  }

  [[nodiscard]] static std::string name() { return "LSTM"; }
  /// The same layer in the other direction, with weights of its own.
  [[nodiscard]] LSTM reversed() const { return LSTM(this->units(), detail::reversed(options_)); }

  [[nodiscard]] Arguments arguments() const {
    Arguments arguments{name()};
    arguments.set("units", this->units())
        .set("activation", options_.activation)
        .set("recurrent_activation", options_.recurrent_activation)
        .set("use_bias", options_.use_bias)
        .set("kernel_initializer", options_.kernel_initializer)
        .set("recurrent_initializer", options_.recurrent_initializer)
        .set("bias_initializer", options_.bias_initializer)
        .set("unit_forget_bias", options_.unit_forget_bias)
        .set("return_sequences", options_.return_sequences)
        .set("go_backwards", options_.go_backwards)
        .set_rules(options_);
    return detail::with_states(std::move(arguments), options_);
  }
  [[nodiscard]] static LSTM from_arguments(const Arguments& a) {
    const LSTMOptions options{.activation = a.get<Activation>("activation"),
                              .recurrent_activation = a.get<Activation>("recurrent_activation"),
                              .use_bias = a.get<bool>("use_bias"),
                              .kernel_initializer = a.get<Initializer>("kernel_initializer"),
                              .recurrent_initializer = a.get<Initializer>("recurrent_initializer"),
                              .bias_initializer = a.get<Initializer>("bias_initializer"),
                              .unit_forget_bias = a.get<bool>("unit_forget_bias"),
                              .return_sequences = a.get<bool>("return_sequences"),
                              .go_backwards = a.get<bool>("go_backwards")};
    return LSTM(a.get<Index>("units"), a.with_rules(detail::read_states(a, options)));
  }

 private:
  [[nodiscard]] NN_COLD static LSTMOptions with_first_bias(LSTMOptions options) {
    if (!options.unit_forget_bias) return options;
    const std::string others = options.bias_initializer.to_string();
    if (others != "zeros") {
      refuse({"LSTM", "bias_initializer zeros beside unit_forget_bias", others, "",
              "set unit_forget_bias = false"});
    }
    // Both fans of a vector are its length, 4 units.
    options.bias_initializer = +[](const Random&, std::uint64_t index, Fans fans) {
      return static_cast<Index>(index) / (static_cast<Index>(fans.in) / 4) == 1 ? 1.0 : 0.0;
    };
    return options;
  }

  LSTMOptions options_;
};

}  // namespace nn
