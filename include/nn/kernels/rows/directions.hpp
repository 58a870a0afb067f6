// SPDX-License-Identifier: MIT
// The results of two recurrent layers, one of which read sequences backwards, as one.
#pragma once

#include <algorithm>

#include "nn/kernels/rows/time_major.hpp"

namespace nn {

/// How the results of both directions become one, by Keras' names.
enum class MergeMode {
  concat,  ///< side by side
  sum,
  mul,  ///< their product, element by element
  ave   ///< their mean
};

}  // namespace nn

namespace nn::kernels {

/// y[n, t] = a[n, t] merged with b[n, steps - 1 - t]; 0 where the mask [samples, steps] is false.
/// a, b [samples, steps, size]   y likewise, or 2 size wide
template <Real T>
void merge_directions(const SequenceSize& s, MergeMode mode, const bool* mask, const T* a,
                      const T* b, T* y) {
  const Index width = mode == MergeMode::concat ? 2 * s.size : s.size;
  for_each_row(s.samples * s.steps, width, [=](Index row) {
    const Index t = row % s.steps;
    const T* const from_a = a + row * s.size;
    const T* const from_b = b + (row + s.steps - 1 - 2 * t) * s.size;
    T* const to = y + row * width;
    if (mask != nullptr && !mask[row]) {
      std::fill_n(to, width, T(0));
      return;
    }
    switch (mode) {
      case MergeMode::concat:
        std::copy_n(from_a, s.size, to);
        std::copy_n(from_b, s.size, to + s.size);
        return;
      case MergeMode::sum:
        for (Index j = 0; j < s.size; ++j) to[j] = from_a[j] + from_b[j];
        return;
      case MergeMode::mul:
        for (Index j = 0; j < s.size; ++j) to[j] = from_a[j] * from_b[j];
        return;
      case MergeMode::ave:
        for (Index j = 0; j < s.size; ++j) to[j] = (from_a[j] + from_b[j]) * T(0.5);
        return;
    }
  });
}

/// The gradients of a and b; one that is null is not wanted.
template <Real T>
void merge_directions_gradient(const SequenceSize& s, MergeMode mode, const bool* mask, const T* a,
                               const T* b, const T* dy, T* da, T* db) {
  const bool is_wide = mode == MergeMode::concat;
  const Index width = is_wide ? 2 * s.size : s.size;
  // to = dy, times its share or the other factor
  const auto write = [=](const T* from, const T* other, bool is_masked, T* to) {
    if (is_masked) {
      std::fill_n(to, s.size, T(0));
    } else if (mode == MergeMode::mul) {
      for (Index j = 0; j < s.size; ++j) to[j] = from[j] * other[j];
    } else {
      const T share = mode == MergeMode::ave ? T(0.5) : T(1);
      for (Index j = 0; j < s.size; ++j) to[j] = from[j] * share;
    }
  };
  for_each_row(s.samples * s.steps, width, [=](Index row) {
    const Index t = row % s.steps;
    const Index of_a = row * s.size, of_b = (row + s.steps - 1 - 2 * t) * s.size;
    const bool is_masked = mask != nullptr && !mask[row];
    const T* const from = dy + row * width;
    if (da != nullptr) write(from, b + of_b, is_masked, da + of_a);
    if (db != nullptr) write(from + (is_wide ? s.size : 0), a + of_a, is_masked, db + of_b);
  });
}

}  // namespace nn::kernels
