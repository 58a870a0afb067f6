// SPDX-License-Identifier: MIT
// A tensor as kernels see it that work along one of its axes.
#pragma once

#include "nn/core/config.hpp"

namespace nn::kernels {

/// The axis has `size` elements, `inner` apart; there are `outer` blocks of such elements.
/// Shape  [outer, size, inner]
struct MiddleAxis {
  Index outer = 1;
  Index size = 1;
  Index inner = 1;

  /// Lines along the axis.
  [[nodiscard]] Index num_lines() const { return outer * inner; }
  [[nodiscard]] Index num_elements() const { return outer * size * inner; }
  /// Where line i begins.
  [[nodiscard]] Index line(Index i) const { return i / inner * size * inner + i % inner; }
};

}  // namespace nn::kernels
