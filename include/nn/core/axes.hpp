// SPDX-License-Identifier: MIT
// Axes of a tensor by number.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "nn/core/shape.hpp"

namespace nn {

/// One axis, as 0 or -1, the last, or several, as {0, 1, 2}; a small value without heap memory.
/// Throws `ShapeError` for more than `Shape::max_rank`, and for those that no shape has.
class Axes {
 public:
  constexpr Axes(Index axis)  // NOLINT(google-explicit-constructor): 0 is an axis
      : axes_{in_range(axis)}, count_(1) {}
  Axes(std::initializer_list<Index> axes) : Axes(axes.begin(), axes.end()) {}
  NN_COLD Axes(const Index* first, const Index* last) {
    for (; first != last; ++first) {
      if (count_ == Shape::max_rank) refuse<ShapeError>({"Axes", "at most 8 axes", "more"});
      axes_[static_cast<std::size_t>(count_++)] = in_range(*first);
    }
  }

  [[nodiscard]] const std::int16_t* begin() const { return axes_.data(); }
  [[nodiscard]] const std::int16_t* end() const { return axes_.data() + count_; }
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
  [[nodiscard]] static constexpr std::int16_t in_range(Index axis) {
    if (axis < -Shape::max_rank || axis >= Shape::max_rank) {
      refuse<ShapeError>({"Axes", "axes from -8 to 7", axis});
    }
    return static_cast<std::int16_t>(axis);
  }

  // Small numbers, as each layer holds several constraints with theirs.
  std::array<std::int16_t, static_cast<std::size_t>(Shape::max_rank)> axes_{};
  std::int16_t count_ = 0;
};

}  // namespace nn
