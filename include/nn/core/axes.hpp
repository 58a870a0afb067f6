// SPDX-License-Identifier: MIT
// Axes of a tensor by number.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <vector>

#include "nn/core/shape.hpp"

namespace nn {

/// One axis, as 0 or -1, the last, or several, as {0, 1, 2}; a small value without heap memory.
/// Throws `ShapeError` for more than `Shape::max_rank`.
class Axes {
 public:
  Axes(Index axis) : Axes({axis}) {}  // NOLINT(google-explicit-constructor): 0 is an axis
  Axes(std::initializer_list<Index> axes) : Axes(std::vector<Index>(axes)) {}
  NN_COLD explicit Axes(const std::vector<Index>& axes) : count_(axes.size()) {
    if (count_ > axes_.size()) refuse<ShapeError>({"Axes", "at most 8 axes", count_});
    std::copy(axes.begin(), axes.end(), axes_.begin());
  }

  [[nodiscard]] NN_COLD std::vector<Index> numbers() const {
    return {axes_.begin(), axes_.begin() + static_cast<std::ptrdiff_t>(count_)};
  }
  /// Whether axis number `axis` of a tensor of that rank is among them.
  [[nodiscard]] NN_COLD bool contain(Index axis, Index rank) const {
    const auto axes = numbers();
    return std::any_of(axes.begin(), axes.end(),
                       [&](Index own) { return own == axis || own + rank == axis; });
  }
  /// Throws `ShapeError` where a tensor of that rank does not have them all.
  NN_COLD void require_within(Index rank, const char* where) const {
    for (const Index axis : numbers()) {
      if (axis >= -rank && axis < rank) continue;
      refuse<ShapeError>({where, {"axes of a weight of rank ", rank}, axis});
    }
  }

 private:
  std::array<Index, static_cast<std::size_t>(Shape::max_rank)> axes_{};
  std::size_t count_ = 0;
};

}  // namespace nn
