// SPDX-License-Identifier: MIT
// Rows of a matrix, each normalized by its own statistics, and the gradient.
#pragma once

#include <algorithm>
#include <cmath>

#include "nn/core/ceil_div.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/machine/scratch.hpp"
#include "nn/kernels/machine/simd.hpp"
#include "nn/kernels/normalization/naive.hpp"

#define NN_KERNEL_BODY "nn/kernels/normalization/rows.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels {

/// y as `RowNorm` says. Keeps what the gradient needs of each row, where `mean` is not null.
/// Shapes  x, y [rows, width]   mean, factor [rows]
template <Real T>
void normalize_rows(const RowNorm<T>& norm, const T* x, T* y, T* mean, T* factor) {
  for_each_row(norm.rows, norm.width, [&](Index row) {
    const Index first = row * norm.width;
    T own_mean, own_factor;
    if constexpr (has_simd<T>) {
      NN_DISPATCH(normalize_row, norm, x + first, y + first, own_mean, own_factor);
    } else {
      naive::normalize_row(norm, x + first, y + first, own_mean, own_factor);
    }
    if (mean == nullptr) return;
    mean[row] = own_mean;
    factor[row] = own_factor;
  });
}

/// The gradients of `normalize_rows`, with x^ = (x - mean) factor and g = dy gamma:
///     dx = factor (g - mean g - x^ mean(g x^))   dgamma = sum_i dy x^   dbeta = sum_i dy
/// The sums are added in pieces, in their order. dx, dgamma and dbeta may be null; `accumulate`
/// adds to the last two.
/// Shapes  x, dy, dx [rows, width]   mean, factor [rows]   dgamma, dbeta [width]
template <Real T>
void normalize_rows_gradient(const RowNorm<T>& norm, const T* x, const T* dy, const T* mean,
                             const T* factor, T* dx, T* dgamma, T* dbeta, bool accumulate) {
  // Few pieces, as each has sums of its own.
  constexpr Index most_pieces = 32;
  const Index width = norm.width;
  const Index piece_rows = std::max(
      {Index{1}, block_size / std::max<Index>(width, 1), ceil_div(norm.rows, most_pieces)});
  const Index pieces = ceil_div(norm.rows, piece_rows);
  const Scratch<T> memory(ScratchUse::partial_sums, Index{2}, pieces, width);
  T* const gammas = dgamma == nullptr ? nullptr : memory.data();
  T* const betas = dbeta == nullptr ? nullptr : memory.data() + pieces * width;
  parallel_for(pieces, [&](Index piece) {
    T* const own_gamma = gammas == nullptr ? nullptr : gammas + piece * width;
    T* const own_beta = betas == nullptr ? nullptr : betas + piece * width;
    if (own_gamma != nullptr) std::fill_n(own_gamma, width, T(0));
    if (own_beta != nullptr) std::fill_n(own_beta, width, T(0));
    const Index end = std::min(norm.rows, (piece + 1) * piece_rows);
    for (Index row = piece * piece_rows; row < end; ++row) {
      const Index first = row * width;
      T* const to = dx == nullptr ? nullptr : dx + first;
      if constexpr (has_simd<T>) {
        NN_DISPATCH(normalize_row_gradient, norm, x + first, dy + first, mean[row], factor[row], to,
                    own_gamma, own_beta);
      } else {
        naive::normalize_row_gradient(norm, x + first, dy + first, mean[row], factor[row], to,
                                      own_gamma, own_beta);
      }
    }
  });
  const auto add_up = [&](const T* sums, T* result) {
    if (!accumulate) std::fill_n(result, width, T(0));
    for (Index piece = 0; piece < pieces; ++piece, sums += width) {
      for (Index j = 0; j < width; ++j) result[j] += sums[j];
    }
  };
  if (dgamma != nullptr) add_up(gammas, dgamma);
  if (dbeta != nullptr) add_up(betas, dbeta);
}

}  // namespace nn::kernels
