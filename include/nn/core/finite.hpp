// SPDX-License-Identifier: MIT
// Tests for infinity and NaN that look at the bits. Under -ffast-math the compiler assumes that
// there are none, and drops comparisons with them.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "nn/core/config.hpp"

namespace nn {

namespace detail {

/// The bits of x, hidden from the compiler: under -ffast-math it would assume those of a finite
/// number.
[[nodiscard]] inline std::uint64_t bits_of(double x) {
  auto bits = std::bit_cast<std::uint64_t>(x);
#if __FINITE_MATH_ONLY__
  asm("" : "+r"(bits));
#endif
  return bits;
}

}  // namespace detail

/// False for infinity and NaN. A number type of one's own counts as finite.
template <class T>
[[nodiscard]] bool is_finite(const T& x) {
  constexpr std::uint64_t exponent = 0x7FF0000000000000;
  if constexpr (std::is_same_v<T, float> || std::is_same_v<T, double>) {
    return (detail::bits_of(static_cast<double>(x)) & exponent) != exponent;
  }
  return true;
}

/// The bits of a NaN, without its sign, are above those of infinity.
[[nodiscard]] inline bool is_nan(double x) {
  return detail::bits_of(x) << 1 > std::uint64_t{0x7FF0000000000000} << 1;
}

template <std::floating_point T>
inline constexpr T infinity = static_cast<T>(std::bit_cast<float>(std::uint32_t{0x7F800000}));
template <std::floating_point T>
inline constexpr T not_a_number = static_cast<T>(std::bit_cast<float>(std::uint32_t{0x7FC00000}));

/// Index of the first element that is not finite, or `count`.
template <class T>
[[nodiscard]] Index first_non_finite(const T* x, Index count) {
  Index i = 0;
  while (i < count && is_finite(x[i])) ++i;
  return i;
}

}  // namespace nn
