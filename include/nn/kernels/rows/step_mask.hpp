// SPDX-License-Identifier: MIT
// Steps of sequences that count, and those that are padding.
#pragma once

#include <algorithm>

#include "nn/kernels/rows/time_major.hpp"

namespace nn::kernels {

/// Whether a row has an element other than `value`.
template <Real T>
[[nodiscard]] bool differs_from(const T* row, Index size, const T& value) {
  return std::any_of(row, row + size, [&](const T& element) { return element != value; });
}

/// to[i] = from[i] in rows where x differs from `value`, else 0.   x, from, to [rows, size]
template <Real T>
void keep_rows_other_than(const T& value, Index rows, Index size, const T* x, const T* from,
                          T* to) {
  for_each_row(rows, size, [=](Index row) {
    const Index first = row * size;
    if (differs_from(x + first, size, value)) {
      std::copy_n(from + first, size, to + first);
    } else {
      std::fill_n(to + first, size, T(0));
    }
  });
}

/// The steps of one sample that count.
[[nodiscard]] inline Index count_steps(const bool* mask, Index steps) {
  return std::count(mask, mask + steps, true);
}

/// y[n] = mean of x[n, t] over the steps that count; 0 of none.
/// x [samples, steps, size]   mask [samples, steps]   y [samples, size]
template <Real T>
void masked_means(const SequenceSize& s, const T* x, const bool* mask, T* y) {
  for_each_row(s.samples, s.steps * s.size, [=](Index n) {
    const bool* const counts = mask + n * s.steps;
    const T share = T(1) / static_cast<T>(std::max<Index>(count_steps(counts, s.steps), 1));
    T* const to = y + n * s.size;
    std::fill_n(to, s.size, T(0));
    for (Index t = 0; t < s.steps; ++t) {
      if (!counts[t]) continue;
      const T* const from = x + (n * s.steps + t) * s.size;
      for (Index j = 0; j < s.size; ++j) to[j] += from[j];
    }
    for (Index j = 0; j < s.size; ++j) to[j] *= share;
  });
}

/// dx[n, t] = dy[n] divided by the steps that count, else 0; and 0 where `relu_mask`, unless it is
/// null, is 0.
template <Real T>
void masked_means_gradient(const SequenceSize& s, const T* dy, const bool* mask, const T* relu_mask,
                           T* dx) {
  for_each_row(s.samples, s.steps * s.size, [=](Index n) {
    const bool* const counts = mask + n * s.steps;
    const T share = T(1) / static_cast<T>(std::max<Index>(count_steps(counts, s.steps), 1));
    for (Index t = 0; t < s.steps; ++t) {
      const Index first = (n * s.steps + t) * s.size;
      for (Index j = 0; j < s.size; ++j) {
        const bool passes = counts[t] && (relu_mask == nullptr || relu_mask[first + j] != T(0));
        dx[first + j] = passes ? dy[n * s.size + j] * share : T(0);
      }
    }
  });
}

}  // namespace nn::kernels
