// SPDX-License-Identifier: MIT
// What a recurrent layer keeps of each step in time.
#pragma once

#include <algorithm>
#include <array>
#include <utility>

#include "nn/kernels/product/product.hpp"
#include "nn/layer/layer.hpp"

namespace nn::detail {

/// One step in time of some samples, as a cell sees it: tensors [rows, units], and those of gates
/// [rows, gates * units].
template <class T>
struct TimeStep {
  Index rows, units;
  bool is_first;  ///< what was before is zero
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

/// Where the tensors of a pass lie in its memory, in elements. What a state was before the first
/// step has a row in front of it.
struct RecurrenceLayout {
  Index size = 0;
  Index x, gates, h;
  std::array<Index, 2> kept{};
  Index dgates = 0, drecurrent = 0, dx = 0, dh = 0, dc = 0, held = 0;

  RecurrenceLayout(const Shape& input, Index units, Index num_gates, bool training)
      : x(take(input.num_elements())),
        gates(take(input[0] * input[1] * num_gates * units)),
        h(take((input[1] + 1) * input[0] * units)) {
    for (Index& place : kept) place = take((input[1] + 1) * input[0] * units);
    if (!training) return;
    for (Index* place : {&dgates, &drecurrent}) *place = take(h - gates);
    dx = take(input.num_elements());
    for (Index* place : {&dh, &dc}) *place = take(input[0] * units);
    held = take(2 * input[0] * units);
  }

 private:
  Index take(Index count) { return std::exchange(size, size + count); }
};

}  // namespace nn::detail
