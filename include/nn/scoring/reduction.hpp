// SPDX-License-Identifier: MIT
// How the losses of a batch become one number.
#pragma once

#include <cstdint>
#include <optional>

#include "nn/scoring/scored_batch.hpp"

namespace nn {

/// The sum of the rows' losses, or that divided by a number of rows. With sample weights,
/// `sum_over_batch_size` still divides by the number of rows, as in Keras;
/// `mean_with_sample_weight` divides by the sum of the weights. Rows that the loss ignores, and
/// masked ones, don't count.
enum class Reduction { sum_over_batch_size, sum, mean_with_sample_weight };

[[nodiscard]] constexpr const char* to_string(Reduction reduction) {
  if (reduction == Reduction::sum) return "sum";
  return reduction == Reduction::sum_over_batch_size ? "sum_over_batch_size"
                                                     : "mean_with_sample_weight";
}

namespace detail {

inline constexpr Reduction reductions[] = {Reduction::sum_over_batch_size, Reduction::sum,
                                           Reduction::mean_with_sample_weight};

/// What the sum of a batch's losses is divided by, unless that is reduced to a sum. Rows with the
/// label `ignored` don't count.
template <Real T>
[[nodiscard]] double divisor_of(Reduction reduction, const ScoredBatch<T>& batch,
                                std::optional<std::int32_t> ignored) {
  const bool adds_weights =
      reduction == Reduction::mean_with_sample_weight && batch.weights != nullptr;
  if (!adds_weights && !ignored && batch.mask == nullptr) return static_cast<double>(batch.rows);
  double divisor = 0;
  for (Index row = 0; row < batch.rows; ++row) {
    if (batch.is_masked(row) || (ignored && batch.labels[row] == *ignored)) continue;
    divisor += adds_weights ? static_cast<double>(batch.weights[row]) : 1;
  }
  return divisor;
}

/// What the sum of a batch's losses is multiplied by.
template <Real T>
[[nodiscard]] double scale_of(Reduction reduction, const ScoredBatch<T>& batch,
                              std::optional<std::int32_t> ignored) {
  if (reduction == Reduction::sum) return 1;
  const double divisor = batch.divisor >= 0 ? batch.divisor : divisor_of(reduction, batch, ignored);
  return divisor == 0 ? 0 : 1 / divisor;
}

}  // namespace detail
}  // namespace nn
