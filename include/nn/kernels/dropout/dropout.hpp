// SPDX-License-Identifier: MIT
// Dropout: sets random elements to zero. The words of this folder:
//   word    32 random bits, which decide whether one element is kept
//   block   four words, which `Random` draws at once
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "nn/core/config.hpp"
#include "nn/core/random.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/machine/simd.hpp"

#define NN_KERNEL_BODY "nn/kernels/dropout/dropout.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels {
namespace naive {

/// As `kernels::dropout`; words up to `last_dropped` drop their element.
template <Real T>
void dropout(const Random& random, std::uint32_t last_dropped, T factor, Index first, Index count,
             const T* x, T* y) {
  for (Index i = 0; i < count; ++i) {
    const auto element = static_cast<std::uint64_t>(first + i);
    y[i] = random.block(element / 4)[element % 4] > last_dropped ? x[i] * factor : T(0);
  }
}

}  // namespace naive

/// y = x / (1 - rate) where kept, else 0 (Srivastava, Hinton, Krizhevsky, Sutskever and
/// Salakhutdinov 2014). Element i is dropped with probability `rate` in (0, 1]; whether it is
/// depends on (random, i) alone, so that the gradient is the same function of dy. x may be a part
/// of a larger tensor, whose element `begin` is its first. Shapes  x, y [count]; x == y is allowed
template <Real T>
void dropout(const Random& random, double rate, Index count, const T* x, T* y, Index begin = 0) {
  NN_ASSERT(rate > 0 && rate <= 1);
  // A word w of 32 bits is dropped if w / 2^32 < rate.
  const auto last_dropped = static_cast<std::uint32_t>(std::ceil(rate * 0x1p32) - 1);
  const T factor = rate < 1 ? T(1 / (1 - rate)) : T(0);
  // Up to the first element that begins a block of random words.
  const Index head = std::min(count, (4 - begin % 4) % 4);
  naive::dropout(random, last_dropped, factor, begin, head, x, y);
  for_each_block(count - head, [&, x = x + head, y = y + head](Index first, Index size) {
    const Index element = begin + head + first;
    if constexpr (has_simd<T>) {
      NN_DISPATCH(dropout, random, last_dropped, factor, element, size, x + first, y + first);
    } else {
      naive::dropout(random, last_dropped, factor, element, size, x + first, y + first);
    }
  });
}

}  // namespace nn::kernels
