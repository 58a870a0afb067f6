// SPDX-License-Identifier: MIT
// Sequences between the order of samples and that of time steps.
#pragma once

#include <algorithm>

#include "nn/core/config.hpp"
#include "nn/kernels/machine/blocks.hpp"

namespace nn::kernels {

/// Sequences of `steps` rows of `size` elements.
struct SequenceSize {
  Index samples, steps, size;
};

/// y[t, n] = x[n, t], or x[n, steps - 1 - t] where `backwards`.
/// x [samples, steps, size]   y [steps, samples, size]
template <Real T>
void to_time_major(const SequenceSize& s, bool backwards, const T* x, T* y) {
  for_each_row(s.samples * s.steps, s.size, [=](Index row) {
    const Index n = row / s.steps, t = row % s.steps;
    std::copy_n(x + row * s.size, s.size,
                y + ((backwards ? s.steps - 1 - t : t) * s.samples + n) * s.size);
  });
}

/// The way back: y[n, t] = x[t, n], or x[steps - 1 - t, n] where `backwards`.
/// x [steps, samples, size]   y [samples, steps, size]
template <Real T>
void to_sample_major(const SequenceSize& s, bool backwards, const T* x, T* y) {
  for_each_row(s.samples * s.steps, s.size, [=](Index row) {
    const Index n = row / s.steps, t = row % s.steps;
    std::copy_n(x + ((backwards ? s.steps - 1 - t : t) * s.samples + n) * s.size, s.size,
                y + row * s.size);
  });
}

}  // namespace nn::kernels
