// SPDX-License-Identifier: MIT
// Random numbers added to elements, multiplied with them, or shared by the channels of a sample.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <type_traits>
#include <utility>

#include "nn/kernels/dropout/dropout.hpp"
#include "nn/kernels/machine/scratch.hpp"

#define NN_KERNEL_BODY "nn/kernels/dropout/noise.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels {
namespace naive {

/// Number i of a sequence of standard normal numbers (Box and Muller 1958). Two words make two of
/// them, so their largest is 6.8.
[[nodiscard]] inline double normal_number(const Random& random, std::uint64_t i) {
  const Random::Block words = random.block(i / 4);
  const std::size_t pair = i % 4 / 2 * 2;
  const double radius = std::sqrt(-2 * std::log((words[pair] + 0.5) * 0x1p-32));
  const double angle = 2 * std::numbers::pi * words[pair + 1] * 0x1p-32;
  return radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

/// As the functions of vectors.
template <Real T>
void noise(const Random& random, bool multiplies, const T& deviation, Index first, Index count,
           const T* x, T* y) {
  for (Index i = 0; i < count; ++i) {
    const T z = T(normal_number(random, static_cast<std::uint64_t>(first + i)));
    y[i] = multiplies ? x[i] * (z * deviation + T(1)) : x[i] + z * deviation;
  }
}

}  // namespace naive

namespace detail {

template <Real T>
void noise(const Random& random, bool multiplies, double deviation, Index count, const T* x, T* y,
           Index begin) {
  for_each_block(count, [=, &random](Index first, Index size) {
    if constexpr (has_simd<T>) {
      NN_DISPATCH(noise, random, multiplies, static_cast<T>(deviation), begin + first, size,
                  x + first, y + first);
    } else {
      naive::noise(random, multiplies, T(deviation), begin + first, size, x + first, y + first);
    }
  });
}

}  // namespace detail

/// y = x + deviation z with a standard normal z for each element. z of element i depends on
/// (random, i) alone; x may be a part of a larger tensor, whose element `begin` is its first.
/// x, y [count]; x == y is allowed
template <Real T>
void add_noise(const Random& random, double deviation, Index count, const T* x, T* y,
               Index begin = 0) {
  detail::noise(random, false, deviation, count, x, y, begin);
}

/// y = x (1 + deviation z), likewise.
template <Real T>
void multiply_by_noise(const Random& random, double deviation, Index count, const T* x, T* y,
                       Index begin = 0) {
  detail::noise(random, true, deviation, count, x, y, begin);
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
