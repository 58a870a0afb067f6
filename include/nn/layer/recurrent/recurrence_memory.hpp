// SPDX-License-Identifier: MIT
// What a recurrent layer keeps of each step in time.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "nn/core/parallel.hpp"
#include "nn/kernels/product/product.hpp"
#include "nn/kernels/rows/time_major.hpp"
#include "nn/layer/multi_tensor_layer.hpp"

namespace nn::detail {

/// One step in time of some samples, as a cell sees it: tensors [rows, units], and those of gates
/// [rows, gates * units].
template <class T>
struct TimeStep {
  Index rows, units;
  bool is_first;  ///< what was before is 0, and nobody wants its gradient
  T* gates;       ///< x W + b; forward makes the gates' results of it
  const T* h_before;
  T* h;                                 ///< forward's result
  std::array<T*, 2> kept;               ///< what a cell keeps beside h
  std::array<const T*, 2> kept_before;  ///< of the step before

  // In backward
  T* dh;          ///< the gradient of h, which becomes that of h_before
  T* dc;          ///< likewise, of what a cell hands on beside h
  T* dgates;      ///< result: the gradient of x W + b
  T* drecurrent;  ///< result: that of h_before U + b, in a cell where it is another one

  kernels::KeptOperand* packed_U;  ///< for all steps: U, and in backward its transpose

  /// `data` as [rows, units], or as [rows, width].
  template <class Element>
  [[nodiscard]] kernels::Matrix<Element> matrix(Element* data) const {
    return {data, rows, units};
  }
  template <class Element>
  [[nodiscard]] kernels::Matrix<Element> matrix(Element* data, Index width) const {
    return {data, rows, width};
  }
};

/// The rows of a step in time that are masked: as if they were not there.
template <class T>
struct StepMask {
  TimeStep<T> step;
  const bool* mask = nullptr;  // of the first row; null: no row is masked
  Index stride = 0;            // to that of the next row
  T* held = nullptr;           // [rows, 2 units], for backward

  /// After forward: masked rows have the state of the step before.
  void hold_states() const {
    for_each_masked([this](Index row) {
      const Index place = row * step.units;
      std::copy_n(step.h_before + place, step.units, step.h + place);
      std::copy_n(step.kept_before[0] + place, step.units, step.kept[0] + place);
    });
  }
  /// Around backward: the gradients of masked rows' states are those of the states before, and
  /// weights get none of them.
  void save_gradients() const {
    for_each_masked([this](Index row) {
      T* const to = held + 2 * row * step.units;
      std::copy_n(step.dh + row * step.units, step.units, to);
      std::copy_n(step.dc + row * step.units, step.units, to + step.units);
    });
  }
  void restore_gradients(Index num_gates) const {
    const Index width = num_gates * step.units;
    for_each_masked([=, this](Index row) {
      const T* const from = held + 2 * row * step.units;
      std::copy_n(from, step.units, step.dh + row * step.units);
      std::copy_n(from + step.units, step.units, step.dc + row * step.units);
      std::fill_n(step.dgates + row * width, width, T(0));
      std::fill_n(step.drecurrent + row * width, width, T(0));
    });
  }

 private:
  template <class Body>
  void for_each_masked(const Body& body) const {
    for (Index row = 0; mask != nullptr && row < step.rows; ++row) {
      if (!mask[row * stride]) body(row);
    }
  }
};

/// Makes results of steps that are masked before any other has been read 0, as Keras does, where
/// they would be the state that a sequence begins with. y [samples, steps, units] in the order of
/// reading, or with `only_last` [samples, units].
template <class T>
NN_COLD void clear_first_masked(const bool* mask, bool backwards, bool only_last, T* y,
                                const kernels::SequenceSize& size) {
  for (Index n = 0; n < size.samples; ++n, mask += size.steps) {
    Index count = 0;
    while (count < size.steps && !mask[backwards ? size.steps - 1 - count : count]) ++count;
    if (!only_last) {
      std::fill_n(y + n * size.steps * size.size, count * size.size, T(0));
    } else if (count == size.steps) {
      std::fill_n(y + n * size.size, size.size, T(0));
    }
  }
}

/// Where the tensors of a pass lie in its memory, in elements. What a state was before the first
/// step has a row in front of it.
struct RecurrenceLayout {
  Index size = 0;
  Index x, gates, h;
  std::array<Index, 2> kept{};
  Index dgates = 0, drecurrent = 0, dx = 0, dh = 0, dc = 0, held = 0;

  RecurrenceLayout(const kernels::SequenceSize& s, Index units, Index num_gates, bool training)
      : x(take(s.samples * s.steps * s.size)),
        gates(take(s.samples * s.steps * num_gates * units)),
        h(take((s.steps + 1) * s.samples * units)) {
    for (Index& place : kept) place = take((s.steps + 1) * s.samples * units);
    if (!training) return;
    for (Index* place : {&dgates, &drecurrent}) *place = take(h - gates);
    dx = take(s.samples * s.steps * s.size);
    for (Index* place : {&dh, &dc}) *place = take(s.samples * units);
    held = take(2 * s.samples * units);
  }

 private:
  Index take(Index count) { return std::exchange(size, size + count); }
};

/// U [k, n], packed by the first step of a part for its others.
template <Real T>
struct PackedU {
  kernels::Scratch<std::byte> memory;
  kernels::KeptOperand operand;

  PackedU(Index k, Index n)
      : memory(kernels::ScratchUse::recurrent_weights, kernels::kept_operand_bytes<T>(k, n)),
        operand{memory.data()} {}
};

/// The tensors in `pass.memory`, of all steps of all samples.
template <Real T, Index num_gates>
struct RecurrenceMemory {
  kernels::SequenceSize sequence;  // of x
  Index units;
  T *x, *gates, *h;
  std::array<T*, 2> kept;
  T *dgates, *drecurrent, *dx, *dh, *dc, *held;
  const bool* mask;
  bool is_backwards = false;    // what is read first is the last step
  bool begins_at_zero = false;  // there is no state before the first step

  RecurrenceMemory(const kernels::SequenceSize& x_size, Index num_units, const Pass& pass)
      : sequence(x_size), units(num_units), mask(pass.mask) {
    const RecurrenceLayout layout(sequence, units, num_gates, pass.training);
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

  [[nodiscard]] Index state_size() const { return sequence.samples * units; }
  /// Tensor `i` if there is one, else 0.
  void set_state(T* state, Tensors<T> tensors, std::size_t i) const {
    if (i < tensors.size() && tensors[i].data != nullptr) {
      std::copy_n(tensors[i].data, state_size(), state);
    } else {
      std::fill_n(state, state_size(), T(0));
    }
  }
  [[nodiscard]] Index rows() const { return sequence.samples * sequence.steps; }
  [[nodiscard]] kernels::Matrix<const T> all_x() const { return {x, rows(), sequence.size}; }
  [[nodiscard]] kernels::Matrix<T> all(T* gate_values) const {
    return {gate_values, rows(), num_gates * units};
  }

  /// Step t of `rows` samples from the `first` on.
  [[nodiscard]] TimeStep<T> step(Index t, Index first, Index rows_of_step,
                                 PackedU<T>& packed) const {
    const Index before = (t * sequence.samples + first) * units;
    const Index now = before + sequence.samples * units, gate = before * num_gates;
    return {.rows = rows_of_step,
            .units = units,
            .is_first = t == 0 && begins_at_zero,
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
    return {step, mask + first * sequence.steps + place, sequence.steps, held + 2 * first * units};
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

}  // namespace nn::detail
