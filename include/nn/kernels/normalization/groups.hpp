// SPDX-License-Identifier: MIT
// Normalization of each sample by groups of its channels, and the gradient.
#pragma once

#include <cmath>

#include "nn/core/parallel.hpp"
#include "nn/kernels/normalization/column_runs.hpp"

namespace nn::kernels {

/// y = (x - mean) factor gamma + beta, with the mean of a sample's group of neighbouring channels,
/// and factor = 1 / sqrt(mean of (x - mean)^2 + epsilon).   x, y [batch, rows, channels, inner]
template <Real T>
struct GroupNorm {
  Index batch, rows, channels, inner;
  Index groups;  ///< a divisor of channels
  T epsilon;
  const T* gamma = nullptr;  ///< [channels]; null: one
  const T* beta = nullptr;   ///< [channels]; null: zero

  [[nodiscard]] Index cols() const { return channels * inner; }
  [[nodiscard]] Index run() const { return cols() / groups; }  // columns of a group
  [[nodiscard]] T gamma_of(Index col) const { return gamma == nullptr ? T(1) : gamma[col / inner]; }
  [[nodiscard]] T beta_of(Index col) const { return beta == nullptr ? T(0) : beta[col / inner]; }
};

/// y as `GroupNorm` says. Keeps what the gradient needs of each group, where `mean` is not null.
/// Shapes  x, y as GroupNorm says   mean, factor [batch, groups]
template <Real T>
void normalize_groups(const GroupNorm<T>& norm, const T* x, T* y, T* mean, T* factor) {
  const Index cols = norm.cols(), run = norm.run();
  parallel_for(norm.batch, [&](Index n) {
    using std::sqrt;
    const Index first = n * norm.rows * cols;
    const Scratch<T> memory(ScratchUse::repeated, Index{4}, cols);
    T* const means = memory.data();
    T *const variances = means + cols, *const scales = variances + cols;
    T* const shifts = scales + cols;
    column_moments(norm.rows, cols, x + first, means, variances);
    merge_moments(norm.groups, run, means, variances);
    // Back to front, as the groups' moments stand at the front of the columns'.
    for (Index col = cols - 1; col >= 0; --col) {
      const T own_mean = means[col / run];
      const T own_factor = T(1) / sqrt(variances[col / run] + norm.epsilon);
      if (mean != nullptr && col % run == 0) {
        mean[n * norm.groups + col / run] = own_mean;
        factor[n * norm.groups + col / run] = own_factor;
      }
      means[col] = own_mean;
      scales[col] = own_factor * norm.gamma_of(col);
      shifts[col] = norm.beta_of(col);
    }
    shift_and_scale(norm.rows, cols, x + first, means, scales, shifts, y + first);
  });
}

/// The gradients of `normalize_groups`, with x^ = (x - mean) factor and g = dy gamma:
///     dx = factor (g - mean g - x^ mean(g x^))   dgamma = sum dy x^   dbeta = sum dy
/// where the means are those of a group. dgamma and dbeta are those of each sample. dx may be null.
/// Shapes  x, dy, dx as GroupNorm says   mean, factor [batch, groups]
///         dgamma, dbeta [batch, channels]
template <Real T>
void normalize_groups_gradient(const GroupNorm<T>& norm, const T* x, const T* dy, const T* mean,
                               const T* factor, T* dx, T* dgamma, T* dbeta) {
  const Index cols = norm.cols(), run = norm.run();
  const T share = T(1) / static_cast<T>(std::max<Index>(1, norm.rows * run));
  parallel_for(norm.batch, [&](Index n) {
    const Index first = n * norm.rows * cols;
    const Scratch<T> memory(ScratchUse::repeated, Index{4}, cols);
    T* const means = memory.data();
    T *const scales = means + cols, *const slopes = scales + cols, *const shifts = slopes + cols;
    repeat_runs(norm.groups, run, mean + n * norm.groups, means);
    // shift = sum dy   slope = sum dy (x - mean), of each column
    column_products(norm.rows, cols, x + first, dy + first, means, shifts, slopes);
    T *const own_gamma = dgamma + n * norm.channels, *const own_beta = dbeta + n * norm.channels;
    std::fill_n(own_gamma, norm.channels, T(0));
    std::fill_n(own_beta, norm.channels, T(0));
    for (Index group = 0; group < norm.groups; ++group) {
      const T own_factor = factor[n * norm.groups + group];
      T sum(0), product(0);  // of g and of g x^
      for (Index col = group * run; col < (group + 1) * run; ++col) {
        own_beta[col / norm.inner] += shifts[col];
        own_gamma[col / norm.inner] += slopes[col] * own_factor;
        sum += norm.gamma_of(col) * shifts[col];
        product += norm.gamma_of(col) * slopes[col] * own_factor;
      }
      for (Index col = group * run; col < (group + 1) * run; ++col) {
        scales[col] = own_factor * norm.gamma_of(col);
        slopes[col] = -own_factor * own_factor * product * share;
        shifts[col] = -own_factor * sum * share;
      }
    }
    if (dx == nullptr) return;
    combine_columns(norm.rows, cols, x + first, dy + first, means, scales, slopes, shifts,
                    dx + first);
  });
}

}  // namespace nn::kernels
