// SPDX-License-Identifier: MIT
// Lengths of the vectors that a weight consists of.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "nn/core/axes.hpp"
#include "nn/core/real.hpp"
#include "nn/kernels/machine/scratch.hpp"

namespace nn::kernels {

/// Where vectors shall end: a length becomes rate clip(length, lowest, highest) + (1 - rate)
/// length.
struct LengthBounds {
  double lowest = 0, highest = 1, rate = 1;
  double epsilon = 1e-7;  ///< added to the length that a vector is divided by, as it may be 0
};

/// Scales the vectors of w that run along `axes`: w *= (wanted length) / (epsilon + length). Along
/// axis 0 of a kernel [in, out] these are its columns.   w of that shape, which has the axes
template <Real T>
[[gnu::noinline]] void bound_lengths(const Shape& shape, const Axes& axes,
                                     const LengthBounds& bounds, T* w) {
  // Each element belongs to a vector, whose number has strides of its own: 0 along `axes`.
  std::array<Index, static_cast<std::size_t>(Shape::max_rank)> strides{};
  Index num_vectors = 1;
  for (Index axis = shape.rank() - 1; axis >= 0; --axis) {
    if (axes.contain(axis, shape.rank())) continue;
    strides[static_cast<std::size_t>(axis)] = num_vectors;
    num_vectors *= shape[axis];
  }
  const Index count = shape.num_elements();
  if (count == 0) return;
  const Index last = shape.back();
  const Index step = strides[static_cast<std::size_t>(shape.rank() - 1)];
  // Calls use(row, vector) for each row of the last axis; element k belongs to vector + k step.
  const auto for_each_row = [&](const auto& use) {
    for (Index row = 0; row < count / last; ++row) {
      Index vector = 0, rest = row;
      for (Index axis = shape.rank() - 2; axis >= 0; --axis) {
        vector += rest % shape[axis] * strides[static_cast<std::size_t>(axis)];
        rest /= shape[axis];
      }
      use(w + row * last, vector);
    }
  };
  const Scratch<double> memory(ScratchUse::column_values, num_vectors);
  double* const scales = memory.data();  // sums of squares at first
  std::fill_n(scales, num_vectors, 0.0);
  for_each_row([&](const T* row, Index vector) {
    double* const sums = scales + vector;
    for (Index k = 0; k < last; ++k) {
      sums[k * step] += static_cast<double>(row[k]) * static_cast<double>(row[k]);
    }
  });
  for (Index i = 0; i < num_vectors; ++i) {
    const double length = std::sqrt(scales[i]);
    const double wanted = bounds.rate * std::clamp(length, bounds.lowest, bounds.highest) +
                          (1 - bounds.rate) * length;
    scales[i] = wanted / (bounds.epsilon + length);
  }
  for_each_row([&](T* row, Index vector) {
    const double* const factors = scales + vector;
    for (Index k = 0; k < last; ++k) {
      row[k] = static_cast<T>(static_cast<double>(row[k]) * factors[k * step]);
    }
  });
}

}  // namespace nn::kernels
