// SPDX-License-Identifier: MIT
// Penalties on the elements of a weight.
#pragma once

#include <array>
#include <cstddef>

#include "nn/core/ceil_div.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/machine/scratch.hpp"

namespace nn::kernels {

/// Returns l1 sum |w| + l2 sum w^2, and adds its gradient l1 sign(w) + 2 l2 w to `gradient` unless
/// that is null. The order of the sums depends on `count` alone.   All [count]
template <Real T>
[[gnu::noinline]] double elements_penalty(Index count, const T* w, double l1, double l2,
                                          T* gradient) {
  constexpr Index lanes = 8;  // sums beside each other, so that the compiler uses vectors
  const Index num_blocks = ceil_div(count, block_size);
  const Scratch<double> sums(ScratchUse::partial_sums, num_blocks);
  const T slope = static_cast<T>(l1), twice = static_cast<T>(2 * l2);
  for_each_block(count, [&](Index first, Index size) {
    std::array<double, lanes> sizes{}, squares{};
    const T* const x = w + first;
    for (Index i = 0; i < size; ++i) {
      const auto value = static_cast<double>(x[i]);
      sizes[static_cast<std::size_t>(i % lanes)] += value < 0 ? -value : value;
      squares[static_cast<std::size_t>(i % lanes)] += value * value;
    }
    double sum = 0;
    for (std::size_t k = 0; k < lanes; ++k) sum += l1 * sizes[k] + l2 * squares[k];
    sums.data()[first / block_size] = sum;
    if (gradient == nullptr) return;
    T* const g = gradient + first;
    for (Index i = 0; i < size; ++i) {
      g[i] += twice * x[i] + (x[i] > T(0) ? slope : x[i] < T(0) ? -slope : T(0));
    }
  });
  double total = 0;
  for (Index block = 0; block < num_blocks; ++block) total += sums.data()[block];
  return total;
}

}  // namespace nn::kernels
