// SPDX-License-Identifier: MIT
// Gated recurrent unit.
#pragma once

#include <string>
#include <utility>

#include "nn/layer/recurrent/recurrence.hpp"

namespace nn {

/// Options of GRU, with Keras' names and defaults.
struct GRUOptions {
  Activation activation = Activation::tanh;               ///< act, of g
  Activation recurrent_activation = Activation::sigmoid;  ///< s, of the gates z and r
  bool use_bias = true;                                   ///< add b
  Initializer kernel_initializer = GlorotUniform{};       ///< the first values of W
  Initializer recurrent_initializer = Orthogonal{};       ///< the first values of U
  Initializer bias_initializer = Zeros{};                 ///< the first values of b
  bool return_sequences = false;                          ///< y has all steps; else the last one
  bool return_state = false;  ///< the states behind the last step are results too
  bool go_backwards = false;  ///< the last step is read first; y is in the order of reading
  bool stateful = false;      ///< a batch begins with the state that the last one ended with
  Index batch_size = 0;       ///< of a stateful layer: the samples of each batch
  bool reset_after = true;    ///< r multiplies h U instead of h
  Regularizer kernel_regularizer{}, recurrent_regularizer{}, bias_regularizer{};  ///< penalties
  /// Where each update brings W, U and b back to.
  Constraint kernel_constraint{}, recurrent_constraint{}, bias_constraint{};
};

namespace detail {

/// The gates lie side by side: z, r, g. Kept beside h: what r multiplies, or the product.
template <Real T>
struct GRUCell {
  static constexpr Index num_gates = 3;
  Activation activation, recurrent_activation;
  bool reset_after;

  /// With reset_after, h U has a bias of its own.
  [[nodiscard]] bool has_recurrent_bias() const { return reset_after; }

  void forward(const TimeStep<T>& s, kernels::Matrix<const T> U, const T* b) const {
    if (reset_after) {
      add_recurrent_part(s, U, b);
    } else {
      add_reset_part(s, U);
    }
    // h = z h_before + (1 - z) g
    for (Index n = 0; n < s.rows; ++n) {
      const T *const z = s.gates + n * U.cols, *const g = z + 2 * s.units;
      const T* const h_before = s.h_before + n * s.units;
      T* const h = s.h + n * s.units;
      for (Index j = 0; j < s.units; ++j) h[j] = g[j] + z[j] * (h_before[j] - g[j]);
    }
  }

  void backward(const TimeStep<T>& s, kernels::Matrix<const T> U) const {
    const Index units = s.units;
    for (Index n = 0; n < s.rows; ++n) {
      const T *const z = s.gates + n * U.cols, *const g = z + 2 * units;
      T *const dz = s.dgates + n * U.cols, *const dg = dz + 2 * units;
      const T* const h_before = s.h_before + n * units;
      T* const dh = s.dh + n * units;
      // dz = dh (h_before - g)   dg = dh (1 - z)   dh_before = dh z + ...
      for (Index j = 0; j < units; ++j) {
        dz[j] = dh[j] * (h_before[j] - g[j]);
        dg[j] = dh[j] * (T(1) - z[j]);
        dh[j] *= z[j];
      }
      kernels::activation_gradient<T>(activation, units, nullptr, g, dg, dg);
    }
    reset_after ? recurrent_part_backward(s, U) : reset_part_backward(s, U);
  }

  void recurrent_gradient(const TimeStep<T>& all, kernels::Matrix<T> dU, bool accumulate) const {
    const kernels::ProductOptions<T> options{.accumulate = accumulate};
    const auto h_before = all.matrix(all.h_before).transposed();
    if (reset_after) {
      // dU += h_before^T d(h_before U)
      return kernels::product<T>(h_before, all.matrix(all.drecurrent, dU.cols), dU, options);
    }
    // dUz, dUr += h_before^T [dz, dr]   dUg += (r h_before)^T dg
    const kernels::Matrix<T> dgates = all.matrix(all.dgates, dU.cols);
    kernels::product<T>(h_before, gates_of(dgates, 0, 2 * all.units),
                        gates_of(dU, 0, 2 * all.units), options);
    kernels::product<T>(all.matrix(all.kept[0]).transposed(),
                        gates_of(dgates, 2 * all.units, all.units),
                        gates_of(dU, 2 * all.units, all.units), options);
  }

 private:
  template <class Element>
  [[nodiscard]] static kernels::Matrix<Element> gates_of(kernels::Matrix<Element> x, Index first,
                                                         Index count) {
    return x.block(0, first, x.rows, count);
  }

  /// reset_after: z = s(xz + pz)   r = s(xr + pr)   g = act(xg + r pg), where p = h_before U + b
  void add_recurrent_part(const TimeStep<T>& s, kernels::Matrix<const T> U, const T* b) const {
    const Index units = s.units;
    const kernels::Scratch<T> memory(kernels::ScratchUse::recurrent_part, s.rows, U.cols);
    kernels::product<T>(s.matrix(s.h_before), U, s.matrix(memory.data(), U.cols),
                        {.bias = b, .kept_b = s.packed_U});
    for (Index n = 0; n < s.rows; ++n) {
      const T *const p = memory.data() + n * U.cols, *const p_g = p + 2 * units;
      T *const z = s.gates + n * U.cols, *const r = z + units, *const g = r + units;
      for (Index j = 0; j < 2 * units; ++j) z[j] += p[j];  // r too
      kernels::activate_gates(recurrent_activation, 2 * units, z, z);
      std::copy_n(p_g, units, s.kept[0] + n * units);
      for (Index j = 0; j < units; ++j) g[j] += r[j] * p_g[j];
      kernels::activate_gates(activation, units, g, g);
    }
  }
  void recurrent_part_backward(const TimeStep<T>& s, kernels::Matrix<const T> U) const {
    const Index units = s.units;
    for (Index n = 0; n < s.rows; ++n) {
      const T *const z = s.gates + n * U.cols, *const r = z + units;
      T *const dz = s.dgates + n * U.cols, *const dr = dz + units, *const dg = dr + units;
      const T* const p_g = s.kept[0] + n * units;
      // dr = dg pg   dpg = dg r
      for (Index j = 0; j < units; ++j) dr[j] = dg[j] * p_g[j];
      kernels::activation_gradient<T>(recurrent_activation, 2 * units, nullptr, z, dz, dz);
      T* const dp = s.drecurrent + n * U.cols;
      std::copy_n(dz, 2 * units, dp);
      for (Index j = 0; j < units; ++j) dp[2 * units + j] = dg[j] * r[j];
    }
    // dh_before += dp U^T
    if (s.is_first) return;
    kernels::product<T>(s.matrix(s.drecurrent, U.cols), U.transposed(), s.matrix(s.dh),
                        {.accumulate = true, .kept_b = s.packed_U});
  }

  /// else: z = s(xz + h_before Uz)   r = s(xr + h_before Ur)   g = act(xg + (r h_before) Ug)
  void add_reset_part(const TimeStep<T>& s, kernels::Matrix<const T> U) const {
    const Index units = s.units;
    const kernels::ProductOptions<T> options{.accumulate = true};
    const kernels::Matrix<T> gates = s.matrix(s.gates, U.cols);
    if (!s.is_first) {
      kernels::product<T>(s.matrix(s.h_before), gates_of(U, 0, 2 * units),
                          gates_of(gates, 0, 2 * units), options);
    }
    for (Index n = 0; n < s.rows; ++n) {
      T *const z = s.gates + n * U.cols, *const r = z + units;
      kernels::activate_gates(recurrent_activation, 2 * units, z, z);  // r too
      const T* const h_before = s.h_before + n * units;
      T* const reset = s.kept[0] + n * units;
      for (Index j = 0; j < units; ++j) reset[j] = r[j] * h_before[j];
    }
    if (!s.is_first) {
      kernels::product<T>(s.matrix(s.kept[0]), gates_of(U, 2 * units, units),
                          gates_of(gates, 2 * units, units), options);
    }
    for (Index n = 0; n < s.rows; ++n) {
      T* const g = s.gates + n * U.cols + 2 * units;
      kernels::activate_gates(activation, units, g, g);
    }
  }
  void reset_part_backward(const TimeStep<T>& s, kernels::Matrix<const T> U) const {
    const Index units = s.units;
    const kernels::Matrix<T> dgates = s.matrix(s.dgates, U.cols);
    // dreset = dg Ug^T
    const kernels::Scratch<T> memory(kernels::ScratchUse::recurrent_part, s.rows, units);
    kernels::product<T>(gates_of(dgates, 2 * units, units),
                        gates_of(U, 2 * units, units).transposed(), s.matrix(memory.data()));
    for (Index n = 0; n < s.rows; ++n) {
      const T *const z = s.gates + n * U.cols, *const r = z + units;
      T *const dz = s.dgates + n * U.cols, *const dr = dz + units;
      const T *const h_before = s.h_before + n * units, *const dreset = memory.data() + n * units;
      T* const dh = s.dh + n * units;
      // dr = dreset h_before   dh_before += dreset r
      for (Index j = 0; j < units; ++j) {
        dr[j] = dreset[j] * h_before[j];
        dh[j] += dreset[j] * r[j];
      }
      kernels::activation_gradient<T>(recurrent_activation, 2 * units, nullptr, z, dz, dz);
    }
    // dh_before += [dz, dr] [Uz, Ur]^T
    if (s.is_first) return;
    kernels::product<T>(gates_of(dgates, 0, 2 * units), gates_of(U, 0, 2 * units).transposed(),
                        s.matrix(s.dh), {.accumulate = true});
  }
};

}  // namespace detail

/// Gated recurrent unit (Cho et al. 2014; Keras: GRU). Of each step x_t of a sequence, from h = 0
/// on:       z = s(x_t Wz + bz + h Uz + cz)   r = s(x_t Wr + br + h Ur + cr)
///           g = act(x_t Wg + bg + r (h Ug + cg))   h <- z h + (1 - z) g
/// without reset_after, as first published, g = act(x_t Wg + bg + (r h) Ug) and there is no c.
/// y is the last h, or with return_sequences each h. `nn::apply(GRU{…}, {x, h})` begins with this h
/// (Keras: initial_state); with return_state the last h is a result behind y.
/// Shapes    x [N, steps, in]   W [in, 3 units]   U [units, 3 units], as z, r, g
///           the bias [2, 3 units], b and c, or [3 units]   y [N, units] or [N, steps, units]
///           h [N, units]
/// Backward  through time: from the last step to the first, by the chain rule
/// Init      W: Glorot uniform (Glorot and Bengio 2010)   U: orthogonal   b, c: 0
/// Throws    std::invalid_argument unless units is positive, and for an activation whose slope does
///           not follow from its result; ShapeError for samples that are not [steps, features], and
///           for other states to begin with than h
template <Real T = float>
class GRU : public detail::Recurrence<T, detail::GRUCell<T>> {
  using Base = detail::Recurrence<T, detail::GRUCell<T>>;

 public:
  explicit GRU(Index units, const GRUOptions& options = {})
      : Base("GRU", units, {options.activation, options.recurrent_activation, options.reset_after},
             detail::RecurrenceOptions(options)),
        options_(options) {
    detail::require_gate_activation("GRU", options.activation);
    detail::require_gate_activation("GRU", options.recurrent_activation);
  }

  [[nodiscard]] static std::string name() { return "GRU"; }
  /// The same layer in the other direction, with weights of its own.
  [[nodiscard]] GRU reversed() const { return GRU(this->units(), detail::reversed(options_)); }

  [[nodiscard]] Arguments arguments() const {
    Arguments arguments{name()};
    arguments.set("units", this->units())
        .set("activation", options_.activation)
        .set("recurrent_activation", options_.recurrent_activation)
        .set("use_bias", options_.use_bias)
        .set("kernel_initializer", options_.kernel_initializer)
        .set("recurrent_initializer", options_.recurrent_initializer)
        .set("bias_initializer", options_.bias_initializer)
        .set("return_sequences", options_.return_sequences)
        .set("go_backwards", options_.go_backwards)
        .set("reset_after", options_.reset_after)
        .set_rules(options_);
    return detail::with_states(std::move(arguments), options_);
  }
  [[nodiscard]] static GRU from_arguments(const Arguments& a) {
    const GRUOptions options{.activation = a.get<Activation>("activation"),
                             .recurrent_activation = a.get<Activation>("recurrent_activation"),
                             .use_bias = a.get<bool>("use_bias"),
                             .kernel_initializer = a.get<Initializer>("kernel_initializer"),
                             .recurrent_initializer = a.get<Initializer>("recurrent_initializer"),
                             .bias_initializer = a.get<Initializer>("bias_initializer"),
                             .return_sequences = a.get<bool>("return_sequences"),
                             .go_backwards = a.get<bool>("go_backwards"),
                             .reset_after = a.get<bool>("reset_after")};
    return GRU(a.get<Index>("units"), a.with_rules(detail::read_states(a, options)));
  }

 private:
  GRUOptions options_;
};

}  // namespace nn
