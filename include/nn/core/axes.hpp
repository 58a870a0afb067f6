// SPDX-License-Identifier: MIT
// Axes of a tensor by number.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>

#include "nn/core/shape.hpp"

namespace nn {

/// One axis, as 0 or -1, the last, or several, as {0, 1, 2}; a small value without heap memory.
/// Throws `ShapeError` for more than `Shape::max_rank`.
class Axes {
 public:
  constexpr Axes(Index axis) : axes_{axis} {}  // NOLINT(google-explicit-constructor): 0 is an axis
  Axes(std::initializer_list<Index> axes) : Axes(axes.begin(), axes.end()) {}
  NN_COLD Axes(const Index* first, const Index* last) : count_(last - first) {
    if (count_ > Shape::max_rank) refuse<ShapeError>({"Axes", "at most 8 axes", count_});
    std::copy(first, last, axes_.begin());
  }

  [[nodiscard]] const Index* begin() const { return axes_.data(); }
  [[nodiscard]] const Index* end() const { return axes_.data() + count_; }
  /// Whether axis number `axis` of a tensor of that rank is among them.
  [[nodiscard]] NN_COLD bool contain(Index axis, Index rank) const {
    for (const Index own : *this) {
      if (own == axis || own + rank == axis) return true;
    }
    return false;
  }
  /// Throws `ShapeError` where a tensor of that rank does not have them all.
  NN_COLD void require_within(Index rank, const char* where) const {
    for (const Index axis : *this) {
      if (axis >= -rank && axis < rank) continue;
      refuse<ShapeError>({where, {"an axis of rank ", rank}, axis});
    }
  }

 private:
  std::array<Index, static_cast<std::size_t>(Shape::max_rank)> axes_{};
  Index count_ = 1;
};

}  // namespace nn
