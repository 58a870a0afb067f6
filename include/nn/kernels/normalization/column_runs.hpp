// SPDX-License-Identifier: MIT
// Statistics of runs: neighbouring columns that count as one, as the pixels of a channel do where
// channels come first.
#pragma once

#include <algorithm>

#include "nn/kernels/normalization/normalization.hpp"

namespace nn::kernels {

/// The moments of each run of columns from those of its columns, which have as many rows each; they
/// take their place at the front.   mean, variance [count, run] -> [count]
template <Real T>
void merge_moments(Index count, Index run, T* mean, T* variance) {
  for (Index i = 0; run > 1 && i < count; ++i) {
    const T *const means = mean + i * run, *const variances = variance + i * run;
    T sum(0), squares(0);
    for (Index j = 0; j < run; ++j) sum += means[j];
    const T whole = sum / static_cast<T>(run);
    for (Index j = 0; j < run; ++j) {
      squares += variances[j] + (means[j] - whole) * (means[j] - whole);
    }
    mean[i] = whole;
    variance[i] = squares / static_cast<T>(run);
  }
}

/// The sum of each run, in its place at the front.   values [count, run] -> [count]
template <Real T>
void add_up_runs(Index count, Index run, T* values) {
  for (Index i = 0; run > 1 && i < count; ++i) {
    T sum(0);
    for (Index j = 0; j < run; ++j) sum += values[i * run + j];
    values[i] = sum;
  }
}

/// Each value as often as its run has columns.   values [count]   to [count, run]
template <Real T>
void repeat_runs(Index count, Index run, const T* values, T* to) {
  for (Index i = 0; i < count; ++i) std::fill_n(to + i * run, run, values[i]);
}

/// The passes over columns for a matrix [rows, features, run], with vectors [features]. A run of
/// one column costs nothing: then features are the columns.
template <Real T>
struct FeatureRuns {
  Index rows, features, run;
  T* memory;  ///< [4, features, run], not read where run is 1

  /// Elements that share a feature's statistics.
  [[nodiscard]] Index count() const { return rows * run; }
  [[nodiscard]] Index cols() const { return features * run; }

  void moments(const T* x, T* mean, T* variance) const {
    if (run == 1) return column_moments(rows, features, x, mean, variance);
    column_moments(rows, cols(), x, part(0), part(1));
    merge_moments(features, run, part(0), part(1));
    std::copy_n(part(0), features, mean);
    std::copy_n(part(1), features, variance);
  }

  void products(const T* x, const T* dy, const T* mean, T* sums, T* products) const {
    if (run == 1) return column_products(rows, features, x, dy, mean, sums, products);
    column_products(rows, cols(), x, dy, repeated(mean, 0), part(1), part(2));
    add_up_runs(features, run, part(1));
    add_up_runs(features, run, part(2));
    std::copy_n(part(1), features, sums);
    std::copy_n(part(2), features, products);
  }

  void shift_and_scale(const T* x, const T* mean, const T* scale, const T* shift, T* y,
                       bool relu) const {
    kernels::shift_and_scale(rows, cols(), x, repeated(mean, 0), repeated(scale, 1),
                             repeated(shift, 2), y, relu);
  }

  void combine(const T* x, const T* dy, const T* mean, const T* scale, const T* slope,
               const T* shift, T* dx, bool masks) const {
    combine_columns(rows, cols(), x, dy, repeated(mean, 0), repeated(scale, 1), repeated(slope, 2),
                    repeated(shift, 3), dx, masks);
  }

 private:
  [[nodiscard]] T* part(Index i) const { return memory + i * cols(); }
  /// The values for each column.
  [[nodiscard]] const T* repeated(const T* values, Index i) const {
    if (run == 1) return values;
    repeat_runs(features, run, values, part(i));
    return part(i);
  }
};

}  // namespace nn::kernels
