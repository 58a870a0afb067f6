// SPDX-License-Identifier: MIT
// The number formats that operands of products are rounded to, or weights are stored in.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "nn/core/config.hpp"

namespace nn {

/// bfloat16: a float's sign and exponent with 7 of its 23 fraction bits. int8: whole numbers from
/// -127 to 127 times a scale.
enum class NumberFormat { float32, bfloat16, int8 };

[[nodiscard]] constexpr std::string_view to_string(NumberFormat format) {
  if (format == NumberFormat::bfloat16) return "bfloat16";
  return format == NumberFormat::int8 ? "int8" : "float32";
}

/// A bfloat16 number's bits: the upper half of a float's.
using Bfloat16 = std::uint16_t;

/// The bfloat16 nearest to x, ties to even; NaN stays NaN.
[[nodiscard]] inline Bfloat16 to_bfloat16(float x) {
  constexpr std::uint32_t half = 0x7FFF, quiet_bit = 0x40;
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if (x != x) return static_cast<Bfloat16>(bits >> 16 | quiet_bit);
  return static_cast<Bfloat16>((bits + half + (bits >> 16 & 1)) >> 16);
}
[[nodiscard]] inline float from_bfloat16(Bfloat16 bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16);
}
[[nodiscard]] inline float round_to_bfloat16(float x) { return from_bfloat16(to_bfloat16(x)); }

}  // namespace nn
