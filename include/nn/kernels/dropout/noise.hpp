// SPDX-License-Identifier: MIT
// Random numbers added to elements, multiplied with them, or shared by the channels of a sample.
#pragma once

#include <algorithm>
#include <type_traits>

#include "nn/kernels/dropout/dropout.hpp"
#include "nn/kernels/machine/scratch.hpp"

namespace nn::kernels {

/// y = x + deviation z with a standard normal z for each element. z of element i depends on
/// (random, i) alone; x may be a part of a larger tensor, whose element `begin` is its first.
/// x, y [count]; x == y is allowed
template <Real T>
void add_noise(const Random& random, double deviation, Index count, const T* x, T* y,
               Index begin = 0) {
  for_each_block(count, [=, &random](Index first, Index size) {
    for (Index i = first; i < first + size; ++i) {
      y[i] = x[i] + T(deviation * random.normal(static_cast<std::uint64_t>(begin + i)));
    }
  });
}

/// y = x (1 + deviation z), likewise.
template <Real T>
void multiply_by_noise(const Random& random, double deviation, Index count, const T* x, T* y,
                       Index begin = 0) {
  for_each_block(count, [=, &random](Index first, Index size) {
    for (Index i = first; i < first + size; ++i) {
      y[i] = x[i] * T(1 + deviation * random.normal(static_cast<std::uint64_t>(begin + i)));
    }
  });
}

/// Dropout of whole channels: y = x / (1 - rate) where a sample's channel is kept, else 0. `begin`
/// is the number of the first sample's first channel.   x, y [batch, places, channels]
template <Real T>
void drop_channels(const Random& random, double rate, Index batch, Index places, Index channels,
                   const T* x, T* y, Index begin = 0) {
  for_each_row(batch, places * channels, [=, &random](Index n) {
    const Scratch<T> memory(ScratchUse::noise, channels);
    T* const factors = memory.data();
    std::fill_n(factors, channels, T(1));
    dropout(random, rate, channels, factors, factors, begin + n * channels);
    for (Index i = n * places; i < (n + 1) * places; ++i) {
      const T* const from = x + i * channels;
      T* const to = y + i * channels;
      for (Index c = 0; c < channels; ++c) to[c] = factors[c] == T(0) ? T(0) : from[c] * factors[c];
    }
  });
}

}  // namespace nn::kernels
