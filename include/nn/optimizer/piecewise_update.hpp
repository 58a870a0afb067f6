// SPDX-License-Identifier: MIT
// One update of an optimizer as what it does to any neighbouring parameters.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

#include "nn/kernels/update/update.hpp"
#include "nn/layer/weight_average.hpp"

namespace nn {

/// One update, and what it multiplies by.
struct UpdateStep {
  static constexpr std::size_t max_numbers = 8;

  double rate = 0;                            ///< the learning rate
  double t = 1;                               ///< the number of the update, counted from 1
  bool flag = false;                          ///< of the optimizer
  std::array<double, max_numbers> numbers{};  ///< of the optimizer; then the factors of its rule
};

/// Neighbouring parameters in an update.
template <class T>
struct UpdatePiece {
  Index count = 0;
  T* w = nullptr;              ///< [count], values
  const T* g = nullptr;        ///< [count], gradients
  std::array<T*, 3> m{};       ///< [count] each, moments; null: none
  Index rows = 0, cols = 0;    ///< of a matrix, where pieces are whole parameters; else 0
  const T* factors = nullptr;  ///< as the optimizer's `prepare` made them
  bool flag = false;
};

/// An optimizer's rule for such a piece.
template <class T>
using UpdateRule = void (*)(const UpdatePiece<T>& piece);

namespace detail {

/// What an update does to neighbouring parameters, as a value that refers to the block alone.
template <Real T>
struct PiecewiseUpdate {
  UpdateRule<T> rule = nullptr;  // null: gradients are added up, no more
  T* first = nullptr;            // of the block
  std::array<T*, 3> m{};
  std::array<T, UpdateStep::max_numbers> factors{};
  WeightAverage::Step<T> average{};
  T* sums = nullptr;  // of the gradients of earlier batches; null: there are none
  T scale = 1;        // of their sum
  T decay = 0, limit = 0;
  bool flag = false;

  /// A whole parameter may be a matrix.
  void operator()(T* w, const T* g, Index count, Index rows = 0, Index cols = 0) const {
    const Index i = w - first;
    if (rule == nullptr) {
      for (Index k = 0; k < count; ++k) sums[i + k] += g[k];
      return;
    }
    if (decay != T(0)) kernels::sgd_update(count, w, w, decay);
    if (sums == nullptr && limit == T(0)) {
      apply(i, w, g, count, rows, cols);
    } else {
      std::array<T, 256> changed;
      for (Index k = 0; k < count; k += std::ssize(changed)) {
        const Index size = std::min<Index>(std::ssize(changed), count - k);
        change(i + k, g + k, size, changed.data());
        apply(i + k, w + k, changed.data(), size);
      }
    }
    average(i, w, count);
  }

 private:
  void apply(Index i, T* w, const T* g, Index count, Index rows = 0, Index cols = 0) const {
    UpdatePiece<T> piece{.count = count,
                         .w = w,
                         .g = g,
                         .rows = rows,
                         .cols = cols,
                         .factors = factors.data(),
                         .flag = flag};
    for (std::size_t k = 0; k < m.size(); ++k) piece.m[k] = m[k] == nullptr ? nullptr : m[k] + i;
    rule(piece);
  }
  /// The mean with the gradients of earlier batches, cut to the limit.
  void change(Index i, const T* g, Index count, T* changed) const {
    for (Index k = 0; k < count; ++k) {
      T value = g[k];
      if (sums != nullptr) value = (value + std::exchange(sums[i + k], T(0))) * scale;
      if (limit != T(0)) value = value > limit ? limit : value < -limit ? -limit : value;
      changed[k] = value;
    }
  }
};

}  // namespace detail
}  // namespace nn
