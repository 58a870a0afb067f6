// SPDX-License-Identifier: MIT
// Dropout: sets random elements to zero, and the gradient that goes with it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "nn/core/config.hpp"
#include "nn/core/random.hpp"
#include "nn/kernels/blocks.hpp"

namespace nn::kernels {

/// y = x / (1 - rate) where kept, else 0 (Srivastava, Hinton, Krizhevsky, Sutskever and
/// Salakhutdinov 2014). Element i is dropped with probability `rate` in [0, 1); whether it is
/// depends on (random, i) alone. x, y, kept [count]; x == y is allowed.
template <Real T>
void dropout(const Random& random, T rate, Index count, const T* x, T* y, std::uint8_t* kept) {
  const T factor = T(1) / (T(1) - rate);
  for_each_block(count, [&](Index begin, Index size) {
    constexpr Index num_words = 4;  // that Random draws at once; blocks start at multiples of it
    for (Index first = begin; first < begin + size; first += num_words) {
      const Random::Block words = random.block(static_cast<std::uint64_t>(first / num_words));
      for (Index i = first; i < std::min(begin + size, first + num_words); ++i) {
        const double uniform = words[static_cast<std::size_t>(i - first)] * 0x1p-32;  // in [0, 1)
        const bool keep = !(T(uniform) < rate);
        kept[i] = keep;
        y[i] = keep ? x[i] * factor : T(0);
      }
    }
  });
}

/// dx = dy / (1 - rate) where kept, else 0. All [count]; dx == dy is allowed.
template <Real T>
void dropout_gradient(Index count, T rate, const std::uint8_t* kept, const T* dy, T* dx) {
  const T factor = T(1) / (T(1) - rate);
  for_each_block(count, [=](Index first, Index size) {
    for (Index i = first; i < first + size; ++i) dx[i] = kept[i] != 0 ? dy[i] * factor : T(0);
  });
}

}  // namespace nn::kernels
