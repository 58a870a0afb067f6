// SPDX-License-Identifier: MIT
// Whole numbers that were kept among doubles.
#pragma once

#include <cmath>
#include <cstdint>

#include "nn/core/error.hpp"

namespace nn {

/// The number as an integer. Throws `std::invalid_argument` unless it is whole, and from 0 to 2^53:
/// a double holds all of those.
[[nodiscard]] NN_COLD inline std::int64_t whole_number(double number, const char* where) {
  const bool is_whole = number >= 0 && number <= 0x1p53 && number == std::floor(number);
  demand(is_whole, where, "a whole number from 0 to 2^53", number);
  return static_cast<std::int64_t>(number);
}

}  // namespace nn
