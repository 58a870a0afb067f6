// SPDX-License-Identifier: MIT
// Rows of attention scores: how much one query attends to each key. The words of this folder:
//   score        product of a query and a key
//   probability  softmax of the scores of one query
//   valid        keys, from the first on, that a query may attend to
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/kernels/elementwise/elementwise.hpp"

#define NN_KERNEL_BODY "nn/kernels/attention/scores.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels {

/// The score of a key that has probability 0 beside any other.
template <Real T>
[[nodiscard]] T lowest_score() {
  if constexpr (has_simd<T>) return std::numeric_limits<T>::lowest();
  return T(std::numeric_limits<float>::lowest());
}

namespace naive {

/// As `kernels::softmax_scores`.
template <Real T>
void softmax_scores(Index valid, Index count, T scale, T* x) {
  using std::exp;
  const T lowest = lowest_score<T>();
  T largest = lowest, sum = T(0);
  for (Index i = 0; i < valid; ++i) {
    x[i] = lowest < x[i] ? x[i] * scale : lowest;
    largest = largest < x[i] ? x[i] : largest;
  }
  for (Index i = 0; i < valid; ++i) sum += x[i] = exp(x[i] - largest);
  for (Index i = 0; i < valid; ++i) x[i] = x[i] / sum;
  std::fill(x + valid, x + count, T(0));
}

/// As `kernels::softmax_scores_gradient`.
template <Real T>
void softmax_scores_gradient(Index count, T scale, const T* p, T* dp) {
  T sum = T(0);
  for (Index i = 0; i < count; ++i) sum += p[i] * dp[i];
  for (Index i = 0; i < count; ++i) dp[i] = scale * p[i] * (dp[i] - sum);
}

}  // namespace naive

/// What a row of scores needs, so that it ends with a whole vector of any instruction set.
[[nodiscard]] constexpr Index score_row_size(Index count) {
  constexpr Index most_lanes = 16;
  return (count + most_lanes - 1) / most_lanes * most_lanes;
}

/// Softmax of scale * x over the first `valid` elements, at least one, in which `lowest_score` is
/// not scaled; the others become 0.
/// Shapes  x [count], with room for `score_row_size`
template <Real T>
void softmax_scores(Index valid, Index count, T scale, T* x) {
  if constexpr (has_simd<T>) {
    NN_DISPATCH(softmax_scores, valid, count, scale, x);
  } else {
    naive::softmax_scores(valid, count, scale, x);
  }
}

/// Its gradient, of probabilities p: dp becomes scale * p (dp - sum_j dp_j p_j).   p, dp [count]
template <Real T>
void softmax_scores_gradient(Index count, T scale, const T* p, T* dp) {
  if constexpr (has_simd<T>) {
    NN_DISPATCH(softmax_scores_gradient, count, scale, p, dp);
  } else {
    naive::softmax_scores_gradient(count, scale, p, dp);
  }
}

}  // namespace nn::kernels
