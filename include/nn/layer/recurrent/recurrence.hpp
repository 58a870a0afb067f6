// SPDX-License-Identifier: MIT
// What recurrent layers share: all but their cells, options and arguments.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "nn/kernels/elementwise/gates.hpp"
#include "nn/kernels/rows/time_major.hpp"
#include "nn/layer/recurrent/recurrence_memory.hpp"
#include "nn/layer/recurrent/recurrence_options.hpp"

namespace nn::detail {

/// The base of a recurrent layer, around its cell. Sequences are turned to [steps, samples,
/// features], so that the rows of one step lie together; x W of all steps is one product, as are
/// the gradients of the weights. Threads share the samples: each walks through time with some of
/// them.
///
/// A cell is a value with `num_gates`, `has_recurrent_bias()`, and
///     void forward(const TimeStep<T>&, Matrix<const T> U, const T* recurrent_bias) const;
///     void backward(const TimeStep<T>&, Matrix<const T> U) const;
///     void recurrent_gradient(const TimeStep<T>& all, Matrix<T> dU, bool accumulate) const;
/// where `all` has all steps of all samples as its rows, U is [units, gates * units], and its bias
/// [gates * units], null where the cell has none.
template <Real T, class Cell>
class Recurrence {
 public:
  using Scalar = T;
  static constexpr int input_rank = 3;
  static constexpr Promises promises{
      .ignores_y = true, .keeps_mask = true, .assigns_gradients = true};

  [[nodiscard]] NN_COLD Shape output_shape(const Shape& input) const {
    if (input.rank() != 2 || input.num_elements() == 0) {
      refuse<ShapeError>({name_, "samples [steps, features], at least one of each",
                          input.to_string(), "", "use sequences [N, steps, features]"});
    }
    if (options_.return_sequences) return {input[0], units_};
    return {units_};
  }

  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    return bytes_of<T>(RecurrenceLayout(x, units_, Cell::num_gates, training).size);
  }

  void forward(ConstTensorMap<T, 3> x, TensorMap<T, 2> y, const Pass& pass) const {
    const Memory memory(*this, shape_of(x), pass);
    const kernels::SequenceSize sequence = memory.sequence;
    kernels::to_time_major(sequence, options_.go_backwards, x.data(), memory.x);
    kernels::product<T>(memory.all_x(), weights(W_), memory.all(memory.gates),
                        {.bias = input_bias()});
    const Index state_size = sequence.samples * units_;
    for (T* state : memory.states()) std::fill_n(state, state_size, T(0));
    if (options_.stateful) begin_from_state(memory);
    memory.for_each_part([&](Index first, Index rows) {
      PackedU packed(units_, Cell::num_gates * units_);
      for (Index t = 0; t < sequence.steps; ++t) {
        const TimeStep<T> step = memory.step(t, first, rows, packed);
        cell_.forward(step, weights(U_), recurrent_bias());
        memory.mask_of(t, first, step).hold_states();
      }
    });
    const T* const h = memory.h + state_size;
    if (options_.return_sequences) {
      kernels::to_sample_major<T>({sequence.samples, sequence.steps, units_}, false, h, y.data());
    } else {
      std::copy_n(h + (sequence.steps - 1) * state_size, state_size, y.data());
    }
  }

  void backward(ConstTensorMap<T, 3> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dy,
                TensorMap<T, 3> dx, const Pass& pass) const {
    const Memory memory(*this, shape_of(x), pass);
    const kernels::SequenceSize sequence = memory.sequence;
    memory.for_each_part([&](Index first, Index rows) {
      PackedU packed(Cell::num_gates * units_, units_);
      std::fill_n(memory.dh + first * units_, rows * units_, T(0));
      std::fill_n(memory.dc + first * units_, rows * units_, T(0));
      for (Index t = sequence.steps - 1; t >= 0; --t) {
        const TimeStep<T> step = memory.step(t, first, rows, packed);
        add_output_gradient(step, t, first, sequence.steps, dy.data());
        const StepMask<T> mask = memory.mask_of(t, first, step);
        mask.save_gradients();
        cell_.backward(step, weights(U_));
        mask.restore_gradients(Cell::num_gates);
      }
    });
    if (!pass.is_frozen) weight_gradients(memory, pass.accumulate);
    if (!pass.needs_dx) return;
    kernels::product<T>(memory.all(memory.dgates), weights(W_).transposed(),
                        kernels::Matrix<T>(memory.dx, memory.rows(), sequence.size));
    kernels::to_sample_major(sequence, options_.go_backwards, memory.dx, dx.data());
  }

  /// Whether the next batch begins with the state that a pass ends with.
  [[nodiscard]] bool updates_state() const { return options_.stateful; }
  void update_state(const Shape& x, const Pass& pass) {
    if (!options_.stateful) return;
    const Memory memory(*this, x, pass);
    const Index size = memory.sequence.samples * units_, last = memory.sequence.steps * size;
    std::copy_n(memory.h + last, size, h_state_.value().data());
    if (has_cell_state) std::copy_n(memory.kept[0] + last, size, c_state_.value().data());
  }
  void reset_states() {
    if (h_state_.is_bound()) h_state_.value().setZero();
    if (c_state_.is_bound()) c_state_.value().setZero();
  }

  void parameters(const Shape& input, ParameterList<T>& list) {
    const Index width = Cell::num_gates * units_;
    list.add(W_, "kernel", {input.back(), width}, options_.kernel_initializer,
             options_.kernel_rules);
    list.add(U_, "recurrent_kernel", {units_, width}, options_.recurrent_initializer,
             options_.recurrent_rules);
    if (options_.use_bias && cell_.has_recurrent_bias()) {
      list.add(both_b_, "bias", {2, width}, options_.bias_initializer, options_.bias_rules);
    } else if (options_.use_bias) {
      list.add(b_, "bias", {width}, options_.bias_initializer, options_.bias_rules);
    }
    if (!options_.stateful) return;
    list.add_state(h_state_, "h", {options_.batch_size, units_}, Zeros{});
    if (has_cell_state) list.add_state(c_state_, "c", {options_.batch_size, units_}, Zeros{});
  }

 protected:
  Recurrence(const char* name, Index units, Cell cell, const RecurrenceOptions& options)
      : name_(name), units_(units), cell_(std::move(cell)), options_(options) {
    demand(units > 0, name, "a positive number of units", units);
    if (options_.stateful == (options_.batch_size > 0)) return;
    refuse({name,
            options_.stateful ? "a positive batch_size beside stateful"
                              : "batch_size 0 unless the layer is stateful",
            options_.batch_size});
  }

  [[nodiscard]] Index units() const { return units_; }

 private:
  /// U [k, n], packed by the first step of a part for its others.
  struct PackedU {
    kernels::Scratch<std::byte> memory;
    kernels::KeptOperand operand;

    PackedU(Index k, Index n)
        : memory(kernels::ScratchUse::recurrent_weights, kernels::kept_operand_bytes<T>(k, n)),
          operand{memory.data()} {}
  };

  /// The tensors in `pass.memory`, of all steps of all samples.
  struct Memory {
    kernels::SequenceSize sequence;  // of x
    Index units;
    T *x, *gates, *h;
    std::array<T*, 2> kept;
    T *dgates, *drecurrent, *dx, *dh, *dc, *held;
    const bool* mask;
    bool is_backwards, is_stateful;

    Memory(const Recurrence& layer, const Shape& shape, const Pass& pass)
        : sequence{shape[0], shape[1], shape[2]},
          units(layer.units_),
          mask(pass.mask),
          is_backwards(layer.options_.go_backwards),
          is_stateful(layer.options_.stateful) {
      pass.require_memory(layer.name_, layer.workspace_bytes(shape, pass.training));
      const RecurrenceLayout layout(shape, units, Cell::num_gates, pass.training);
      T* const memory = reinterpret_cast<T*>(pass.memory);
      x = memory + layout.x;
      gates = memory + layout.gates;
      h = memory + layout.h;
      for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = memory + layout.kept[i];
      dgates = memory + layout.dgates;
      drecurrent = memory + layout.drecurrent;
      dx = memory + layout.dx;
      dh = memory + layout.dh;
      dc = memory + layout.dc;
      held = memory + layout.held;
    }

    [[nodiscard]] std::array<T*, 3> states() const { return {h, kept[0], kept[1]}; }
    [[nodiscard]] Index rows() const { return sequence.samples * sequence.steps; }
    [[nodiscard]] kernels::Matrix<const T> all_x() const { return {x, rows(), sequence.size}; }
    [[nodiscard]] kernels::Matrix<T> all(T* gate_values) const {
      return {gate_values, rows(), Cell::num_gates * units};
    }

    /// Step t of `rows` samples from the `first` on.
    [[nodiscard]] TimeStep<T> step(Index t, Index first, Index rows_of_step,
                                   PackedU& packed) const {
      const Index before = (t * sequence.samples + first) * units;
      const Index now = before + sequence.samples * units, gate = before * Cell::num_gates;
      return {.rows = rows_of_step,
              .units = units,
              .is_first = t == 0 && !is_stateful,
              .gates = gates + gate,
              .h_before = h + before,
              .h = h + now,
              .kept = {kept[0] + now, kept[1] + now},
              .kept_before = {kept[0] + before, kept[1] + before},
              .dh = dh + first * units,
              .dc = dc + first * units,
              .dgates = dgates + gate,
              .drecurrent = drecurrent + gate,
              .packed_U = &packed.operand};
    }

    /// The mask of step t of samples from the `first` on.
    [[nodiscard]] StepMask<T> mask_of(Index t, Index first, const TimeStep<T>& step) const {
      if (mask == nullptr) return {step};
      const Index place = is_backwards ? sequence.steps - 1 - t : t;
      return {step, mask + first * sequence.steps + place, sequence.steps,
              held + 2 * first * units};
    }

    /// All steps of all samples as the rows of one, for products.
    [[nodiscard]] TimeStep<T> all_steps() const {
      TimeStep<T> all{};
      all.rows = rows();
      all.units = units;
      all.h_before = h;
      all.kept = {kept[0] + sequence.samples * units, kept[1] + sequence.samples * units};
      all.dgates = dgates;
      all.drecurrent = drecurrent;
      return all;
    }

    /// Calls body(first, rows) for parts of the samples, one for each thread. No bit depends on how
    /// they are cut: products add in the same order for any number of rows.
    template <class Body>
    void for_each_part(const Body& body) const {
      const Index rows_of_part = ceil_div(sequence.samples, Index{num_threads()});
      parallel_for(ceil_div(sequence.samples, std::max<Index>(rows_of_part, 1)), [&](Index part) {
        const Index first = part * rows_of_part;
        body(first, std::min(rows_of_part, sequence.samples - first));
      });
    }
  };

  /// The state before the first step: that of the last batch's end.
  void begin_from_state(const Memory& memory) const {
    const Index samples = memory.sequence.samples;
    if (samples != options_.batch_size) {
      refuse<ShapeError>({name_,
                          {"batches of ", options_.batch_size, " samples"},
                          samples,
                          "stateful, with that batch_size"});
    }
    std::copy_n(h_state_.value().data(), samples * units_, memory.h);
    if (has_cell_state) std::copy_n(c_state_.value().data(), samples * units_, memory.kept[0]);
  }

  /// dh += dy of this step.
  void add_output_gradient(const TimeStep<T>& step, Index t, Index first, Index steps,
                           const T* dy) const {
    if (!options_.return_sequences && t + 1 < steps) return;
    const Index row_stride = options_.return_sequences ? steps * units_ : units_;
    const T* from = dy + first * row_stride + (options_.return_sequences ? t * units_ : 0);
    for (Index n = 0; n < step.rows; ++n, from += row_stride) {
      T* const dh = step.dh + n * units_;
      for (Index j = 0; j < units_; ++j) dh[j] += from[j];
    }
  }

  void weight_gradients(const Memory& memory, bool accumulate) const {
    // dW += x^T dgates   db += sum dgates
    const kernels::Matrix<const T> dgates = memory.all(memory.dgates);
    kernels::product<T>(memory.all_x().transposed(), dgates, gradient(W_),
                        {.accumulate = accumulate});
    if (options_.use_bias) {
      T* const db = cell_.has_recurrent_bias() ? both_b_.gradient().data() : b_.gradient().data();
      kernels::column_sums(dgates, db, accumulate);
      if (cell_.has_recurrent_bias()) {
        kernels::column_sums<T>(memory.all(memory.drecurrent), db + dgates.cols, accumulate);
      }
    }
    cell_.recurrent_gradient(memory.all_steps(), gradient(U_), accumulate);
  }

  [[nodiscard]] const T* input_bias() const {
    if (!options_.use_bias) return nullptr;
    return cell_.has_recurrent_bias() ? both_b_.value().data() : b_.value().data();
  }
  [[nodiscard]] const T* recurrent_bias() const {
    if (!options_.use_bias || !cell_.has_recurrent_bias()) return nullptr;
    return both_b_.value().data() + Cell::num_gates * units_;
  }
  [[nodiscard]] static kernels::Matrix<const T> weights(const Parameter<T, 2>& parameter) {
    return matrix(parameter.value());
  }
  [[nodiscard]] static kernels::Matrix<T> gradient(const Parameter<T, 2>& parameter) {
    return matrix(parameter.gradient());
  }

  static constexpr bool has_cell_state = requires { requires Cell::has_cell_state; };

  const char* name_;
  Index units_;
  Cell cell_;
  RecurrenceOptions options_;
  Parameter<T, 2> W_;              // [in, gates * units]
  Parameter<T, 2> U_;              // [units, gates * units]
  Parameter<T, 1> b_;              // [gates * units], or
  Parameter<T, 2> both_b_;         // [2, gates * units], of x W and of h U
  State<T, 2> h_state_, c_state_;  // [batch_size, units], where the next batch begins
};

}  // namespace nn::detail
