// SPDX-License-Identifier: MIT
// Whether numbers are finite, by their bits: right under -ffast-math too, where comparisons with
// infinity and NaN are left out.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "nn/core/config.hpp"

namespace nn {

/// False for infinity and NaN. A number type of one's own counts as finite.
template <class T>
[[nodiscard]] bool is_finite(const T& x) {
  if constexpr (std::is_same_v<T, float>) {
    constexpr std::uint32_t exponent = 0x7F800000;
    return (std::bit_cast<std::uint32_t>(x) & exponent) != exponent;
  } else if constexpr (std::is_same_v<T, double>) {
    constexpr std::uint64_t exponent = 0x7FF0000000000000;
    return (std::bit_cast<std::uint64_t>(x) & exponent) != exponent;
  }
  return true;
}

/// Index of the first element that is not finite, or `count`.
template <class T>
[[nodiscard]] Index first_non_finite(const T* x, Index count) {
  Index i = 0;
  while (i < count && is_finite(x[i])) ++i;
  return i;
}

}  // namespace nn
