// SPDX-License-Identifier: MIT
// What recurrent layers share: all but their cells, options and arguments.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <string>
#include <utility>

#include "nn/kernels/elementwise/gates.hpp"
#include "nn/kernels/rows/time_major.hpp"
#include "nn/layer/multi_tensor_layer.hpp"
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
      .ignores_y = true, .keeps_first_mask = true, .assigns_gradients = true};

  [[nodiscard]] NN_COLD Shape output_shape(const Shape& input) const {
    if (input.rank() != 2 || input.num_elements() == 0) {
      refuse<ShapeError>({name_, "samples [steps, features], at least one of each",
                          input.to_string(), "", "use sequences [N, steps, features]"});
    }
    if (options_.return_sequences) return {input[0], units_};
    return {units_};
  }

  /// y, and with return_state the states behind the last step.
  [[nodiscard]] Index num_results() const { return options_.return_state ? 1 + num_states : 1; }
  [[nodiscard]] NN_COLD Shape output_shape(std::span<const Shape> samples, Index result) const {
    if (samples.size() != 1 && std::ssize(samples) != 1 + num_states) {
      refuse<ShapeError>({name_,
                          {"one input or ", 1 + num_states, ", a sequence before its first ",
                           has_cell_state ? "h and c" : "h"},
                          samples.size()});
    }
    for (const Shape& state : samples.subspan(1)) {
      if (state == Shape{units_}) continue;
      refuse<ShapeError>({name_, {"states [", units_, "] to begin with"}, state.to_string()});
    }
    const Shape y = output_shape(samples[0]);
    return result == 0 ? y : Shape{units_};
  }

  [[nodiscard]] Index workspace_bytes(const Shape& x, bool training) const {
    return bytes_of<T>(
        RecurrenceLayout({x[0], x[1], x[2]}, units_, Cell::num_gates, training).size);
  }

  void forward(ConstTensorMap<T, 3> x, TensorMap<T, 2> y, const Pass& pass) const {
    const TensorRef<const T> from{x.data(), shape_of(x)};
    const TensorRef<T> to{y.data()};
    forward(Tensors<const T>(&from, 1), Tensors<T>(&to, 1), pass);
  }
  void backward(ConstTensorMap<T, 3> x, ConstTensorMap<T, 2>, TensorMap<T, 2> dy,
                TensorMap<T, 3> dx, const Pass& pass) const {
    const TensorRef<const T> from{x.data(), shape_of(x)};
    const TensorRef<T> gradient{dy.data()}, to{pass.needs_dx ? dx.data() : nullptr};
    backward(Tensors<const T>(&from, 1), {}, Tensors<T>(&gradient, 1), Tensors<T>(&to, 1), pass);
  }

  /// x, h, c -> y, h, c
  void forward(Tensors<const T> x, Tensors<T> y, const Pass& pass) const {
    const Memory memory = memory_of(x, pass);
    const kernels::SequenceSize sequence = memory.sequence;
    kernels::to_time_major(sequence, options_.go_backwards, x[0].data, memory.x);
    kernels::product<T>(memory.all_x(), weights(W_), memory.all(memory.gates),
                        {.bias = input_bias()});
    begin_states(memory, x);
    memory.for_each_part([&](Index first, Index rows) {
      PackedU<T> packed(units_, Cell::num_gates * units_);
      for (Index t = 0; t < sequence.steps; ++t) {
        const TimeStep<T> step = memory.step(t, first, rows, packed);
        cell_.forward(step, weights(U_), recurrent_bias());
        memory.mask_of(t, first, step).hold_states();
      }
    });
    const Index state_size = memory.state_size(), last = sequence.steps * state_size;
    if (options_.return_sequences) {
      kernels::to_sample_major<T>({sequence.samples, sequence.steps, units_}, false,
                                  memory.h + state_size, y[0].data);
    } else {
      std::copy_n(memory.h + last, state_size, y[0].data);
    }
    clear_unread(memory, y[0].data);
    if (y.size() > 1) std::copy_n(memory.h + last, state_size, y[1].data);
    if (y.size() > 2) std::copy_n(memory.kept[0] + last, state_size, y[2].data);
  }

  void backward(Tensors<const T> x, Tensors<const T>, Tensors<T> dy, Tensors<T> dx,
                const Pass& pass) const {
    const Memory memory = memory_of(x, pass);
    const kernels::SequenceSize sequence = memory.sequence;
    T* const dy_steps = dy[0].data;
    if (dy_steps != nullptr) clear_unread(memory, dy_steps);
    memory.set_state(memory.dh, dy, 1);
    memory.set_state(memory.dc, dy, 2);
    memory.for_each_part([&](Index first, Index rows) {
      PackedU<T> packed(Cell::num_gates * units_, units_);
      for (Index t = sequence.steps - 1; t >= 0; --t) {
        const TimeStep<T> step = memory.step(t, first, rows, packed);
        if (dy_steps != nullptr) add_output_gradient(step, t, first, sequence.steps, dy_steps);
        const StepMask<T> mask = memory.mask_of(t, first, step);
        mask.save_gradients();
        cell_.backward(step, weights(U_));
        mask.restore_gradients(Cell::num_gates);
      }
    });
    if (!pass.is_frozen) weight_gradients(memory, pass.accumulate);
    // What is left is of the states before the first step.
    const Index state_size = memory.state_size();
    if (dx.size() > 1 && dx[1].data != nullptr) std::copy_n(memory.dh, state_size, dx[1].data);
    if (dx.size() > 2 && dx[2].data != nullptr) std::copy_n(memory.dc, state_size, dx[2].data);
    if (dx[0].data == nullptr) return;
    kernels::product<T>(memory.all(memory.dgates), weights(W_).transposed(),
                        kernels::Matrix<T>(memory.dx, memory.rows(), sequence.size));
    kernels::to_sample_major(sequence, options_.go_backwards, memory.dx, dx[0].data);
  }

  /// Whether the next batch begins with the state that a pass ends with.
  [[nodiscard]] bool updates_state() const { return options_.stateful; }
  void update_state(const Shape& x, const Pass& pass) {
    if (!options_.stateful) return;
    const TensorRef<const T> sequence{nullptr, x};
    const Memory memory = memory_of(Tensors<const T>(&sequence, 1), pass);
    const Index size = memory.state_size(), last = memory.sequence.steps * size;
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
  using Memory = RecurrenceMemory<T, Cell::num_gates>;

  [[nodiscard]] Memory memory_of(Tensors<const T> x, const Pass& pass) const {
    const Shape& shape = x[0].shape;
    pass.require_memory(name_, workspace_bytes(shape, pass.training));
    Memory memory({shape[0], shape[1], shape[2]}, units_, pass);
    memory.is_backwards = options_.go_backwards;
    memory.begins_at_zero = x.size() == 1 && !options_.stateful;
    return memory;
  }

  /// The states before the first step: what is given, else those of the last batch's end.
  void begin_states(const Memory& memory, Tensors<const T> x) const {
    const Index samples = memory.sequence.samples, size = memory.state_size();
    for (T* state : {memory.h, memory.kept[0], memory.kept[1]}) std::fill_n(state, size, T(0));
    if (options_.stateful && samples != options_.batch_size) {
      refuse<ShapeError>({name_,
                          {"batches of ", options_.batch_size, " samples"},
                          samples,
                          "stateful, with that batch_size"});
    }
    if (memory.begins_at_zero) return;
    const bool is_given = x.size() > 1;
    std::copy_n(is_given ? x[1].data : h_state_.value().data(), size, memory.h);
    if constexpr (has_cell_state) {
      std::copy_n(is_given ? x[2].data : c_state_.value().data(), size, memory.kept[0]);
    }
  }
  /// Of y or dy.
  void clear_unread(const Memory& memory, T* y) const {
    if (memory.mask == nullptr || memory.begins_at_zero) return;
    clear_first_masked(memory.mask, options_.go_backwards, !options_.return_sequences, y,
                       {memory.sequence.samples, memory.sequence.steps, units_});
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
  static constexpr Index num_states = has_cell_state ? 2 : 1;

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
