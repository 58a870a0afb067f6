// SPDX-License-Identifier: MIT
// Penalty on vectors that are not orthogonal.
#pragma once

#include <algorithm>
#include <cmath>

#include "nn/core/parallel.hpp"
#include "nn/core/shape.hpp"
#include "nn/kernels/machine/scratch.hpp"

namespace nn {

/// Which vectors of a matrix have to be orthogonal; in files "rows" and "columns".
enum class OrthogonalMode { of_rows, of_columns };

/// Penalty on the angles between a matrix's rows, or columns, u_i = w_i / |w_i| (Keras:
/// OrthogonalRegularizer), as a mean over their n (n - 1) / 2 pairs:
///     factor mean_{i<j} |u_i u_j|
/// The gradient for u_i is factor / pairs sum_j sign(u_i u_j) u_j; that for w_i is its part across
/// u_i, divided by |w_i|. It costs n^2 times the length of a vector.
struct OrthogonalRegularizer {
  double factor = 0.01;                           ///< finite, 0 or more
  OrthogonalMode mode = OrthogonalMode::of_rows;  ///< whose angles

  /// Of w; adds the gradient to `gradient` unless that is null. Both of that shape.
  template <Real T>
  NN_COLD double operator()(const Shape& shape, const T* w, T* gradient) const {
    if (shape.rank() != 2) {
      refuse<ShapeError>({"OrthogonalRegularizer", "a matrix", shape.to_string()});
    }
    const Vectors vectors(shape, mode);
    const Index n = vectors.n, size = vectors.size;
    if (n < 2) return 0;
    const kernels::Scratch<double> memory(kernels::ScratchUse::unit_lines, n, 2 * size + 2);
    double* const units = memory.data();                                   // [n, size]
    double* const slopes = units + n * size;                               // [n, size]
    double *const lengths = slopes + n * size, *const sums = lengths + n;  // [n]
    vectors.to_units(w, units, lengths);
    const double weight = factor / (static_cast<double>(n) * static_cast<double>(n - 1) / 2);
    parallel_for(n, [&](Index i) {
      const double* const own = units + i * size;
      double* const slope = slopes + i * size;
      std::fill_n(slope, size, 0.0);
      double sum = 0;
      for (Index j = 0; j < n; ++j) {
        const double* const other = units + j * size;
        double product = 0;
        if (j != i) {
          for (Index k = 0; k < size; ++k) product += own[k] * other[k];
        }
        sum += std::abs(product);
        const double sign = product > 0 ? weight : product < 0 ? -weight : 0;
        for (Index k = 0; k < size; ++k) slope[k] += sign * other[k];
      }
      sums[i] = sum;
      if (gradient == nullptr) return;
      double along = 0;
      for (Index k = 0; k < size; ++k) along += slope[k] * own[k];
      for (Index k = 0; k < size; ++k) {
        const double across = slope[k] - along * own[k];
        gradient[vectors.place(i, k)] += static_cast<T>(across / lengths[i]);
      }
    });
    double total = 0;  // of each pair twice
    for (Index i = 0; i < n; ++i) total += sums[i];
    return weight * total / 2;
  }

 private:
  /// Where the n vectors of a matrix and their elements lie.
  struct Vectors {
    bool are_rows;
    Index n, size;

    Vectors(const Shape& shape, OrthogonalMode mode)
        : are_rows(mode == OrthogonalMode::of_rows),
          n(shape[are_rows ? 0 : 1]),
          size(shape[are_rows ? 1 : 0]) {}

    /// Of element k of vector i.
    [[nodiscard]] Index place(Index i, Index k) const {
      return are_rows ? i * size + k : k * n + i;
    }

    /// units [n, size] = w_i / |w_i|, lengths [n] = |w_i|
    template <Real T>
    NN_COLD void to_units(const T* w, double* units, double* lengths) const {
      for (Index i = 0; i < n; ++i, units += size) {
        double squares = 0;
        for (Index k = 0; k < size; ++k) {
          units[k] = static_cast<double>(w[place(i, k)]);
          squares += units[k] * units[k];
        }
        lengths[i] = std::max(std::sqrt(squares), 1e-7);
        for (Index k = 0; k < size; ++k) units[k] /= lengths[i];
      }
    }
  };
};

}  // namespace nn
