// SPDX-License-Identifier: MIT
// Division of whole numbers, rounded up.
#pragma once

#include "nn/core/config.hpp"

namespace nn {

/// The least number of parts of `size` elements that hold `count`.   count >= 0, size > 0
[[nodiscard]] constexpr Index ceil_div(Index count, Index size) {
  return (count + size - 1) / size;
}

/// The least multiple of `size` that is not below `count`.   count >= 0, size > 0
[[nodiscard]] constexpr Index round_up(Index count, Index size) {
  return ceil_div(count, size) * size;
}

}  // namespace nn
