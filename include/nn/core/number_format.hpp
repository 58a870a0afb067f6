// SPDX-License-Identifier: MIT
// The number formats that products are computed in, or weights are stored in for inference.
#pragma once

#include <string_view>

namespace nn {

/// bfloat16: a float's sign and exponent with 7 of its 23 fraction bits. int8: whole numbers from
/// -127 to 127 times a scale.
enum class NumberFormat { float32, bfloat16, int8 };

[[nodiscard]] constexpr std::string_view to_string(NumberFormat format) {
  if (format == NumberFormat::bfloat16) return "bfloat16";
  return format == NumberFormat::int8 ? "int8" : "float32";
}

}  // namespace nn
