// SPDX-License-Identifier: MIT
// Tensors that are repeated along some of their axes, and sums over these.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "nn/core/shape.hpp"
#include "nn/kernels/elementwise/elementwise.hpp"

namespace nn::kernels {

/// Two shapes of which the small one can be repeated to fill the large one: each of its sizes is 1
/// or that of the large one. Axes that it lacks are in front.
class Broadcast {
 public:
  Broadcast(const Shape& from, const Shape& to) : rank_(to.rank()) {  // small and large
    const Index missing = rank_ - from.rank();
    for (Index i = 0; i < rank_; ++i) {
      small_[at(i)] = i < missing ? 1 : from[i - missing];
      large_[at(i)] = to[i];
    }
    small_ends_[at(rank_)] = large_ends_[at(rank_)] = 1;
    for (Index i = rank_; i-- > 0;) {
      small_ends_[at(i)] = small_ends_[at(i + 1)] * small_[at(i)];
      large_ends_[at(i)] = large_ends_[at(i + 1)] * large_[at(i)];
    }
  }

  /// y = x, repeated.   x [small]   y [large]
  template <Real T>
  void repeat(const T* x, T* y) const {
    repeat_from(0, x, y);
  }
  /// x = y, summed over all that came from one element of x, in the order of y.
  /// y [large]   x [small]
  template <Real T>
  void sum(const T* y, T* x) const {
    std::fill_n(x, small_ends_[0], T(0));
    add_from(0, y, x);
  }

 private:
  [[nodiscard]] static std::size_t at(Index axis) { return static_cast<std::size_t>(axis); }

  // Not inline: a compiler that unrolls what calls itself warns of axes that no shape has.

  /// From this axis on; elements of both are counted from there.
  template <Real T>
  [[gnu::noinline]] void repeat_from(Index axis, const T* x, T* y) const {
    const Index small_step = small_ends_[at(axis) + 1], large_step = large_ends_[at(axis) + 1];
    if (small_ends_[at(axis)] == large_ends_[at(axis)]) {
      std::copy_n(x, large_ends_[at(axis)], y);
    } else if (small_[at(axis)] == large_[at(axis)]) {
      for (Index i = 0; i < large_[at(axis)]; ++i) {
        repeat_from(axis + 1, x + i * small_step, y + i * large_step);
      }
    } else if (large_[at(axis)] > 0) {
      repeat_from(axis + 1, x, y);
      for (Index i = 1; i < large_[at(axis)]; ++i) std::copy_n(y, large_step, y + i * large_step);
    }
  }

  template <Real T>
  [[gnu::noinline]] void add_from(Index axis, const T* y, T* x) const {
    const Index count = large_ends_[at(axis)];
    if (small_ends_[at(axis)] == count) {
      if constexpr (has_simd<T>) {
        NN_DISPATCH(add, count, y, x);
      } else {
        for (Index i = 0; i < count; ++i) x[i] += y[i];
      }
    } else if (small_ends_[at(axis)] == 1) {
      for (Index i = 0; i < count; ++i) *x += y[i];
    } else {
      const bool moves = small_[at(axis)] == large_[at(axis)];
      const Index small_step = moves ? small_ends_[at(axis) + 1] : 0;
      const Index large_step = large_ends_[at(axis) + 1];
      for (Index i = 0; i < large_[at(axis)]; ++i) {
        add_from(axis + 1, y + i * large_step, x + i * small_step);
      }
    }
  }

  using Sizes = std::array<Index, std::size_t{Shape::max_rank} + 2>;
  Index rank_;
  Sizes small_{}, large_{};            // [rank_]
  Sizes small_ends_{}, large_ends_{};  // elements from an axis on, [rank_ + 1]
};

}  // namespace nn::kernels
