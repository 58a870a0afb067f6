// SPDX-License-Identifier: MIT
// How data are split: off the end for validation, and into batches.
#pragma once

#include <algorithm>
#include <cmath>

#include "nn/core/config.hpp"

namespace nn {

/// Number of samples, of `count`, that `fit` trains on with this `validation_split`: those before
/// floor(count (1 - split)). The rounding of 1 - split does not matter: 2 of 10 with a split of
/// 0.8, where Keras takes 1. For schedules, which count steps.
[[nodiscard]] inline Index num_training_samples(Index count, double validation_split) {
  // A split may have been written as a float: 1 - 0.1f is a little below 0.9. Half the last place
  // of a float below 1 makes up for it.
  constexpr double half_place = 3e-8;
  const auto n = static_cast<double>(count);
  const double slack = std::min(n * half_place, 0.01);
  return std::min(count, static_cast<Index>(std::floor(n * (1 - validation_split) + slack)));
}

namespace detail {

/// Number of batches that `count` samples make; the last may be smaller.
[[nodiscard]] constexpr Index count_batches(Index count, Index batch_size) {
  return count / batch_size + (count % batch_size == 0 ? 0 : 1);
}

/// The part of each batch that one of several processes has. A batch is cut in `pieces` whose sizes
/// differ by one sample at most; these are pieces begin .. end - 1.
struct BatchShare {
  Index pieces = 1;
  Index begin = 0;
  Index end = 1;

  /// Where piece `i` of a batch of `count` samples begins.
  [[nodiscard]] constexpr Index start_of(Index i, Index count) const {
    // i * count may be too large a number.
    return count / pieces * i + count % pieces * i / pieces;
  }
  [[nodiscard]] constexpr Index first(Index count) const { return start_of(begin, count); }
  [[nodiscard]] constexpr Index size(Index count) const {
    return start_of(end, count) - start_of(begin, count);
  }
};

/// `Pass::batch_number` of samples first .. first + count - 1 out of `total`. Only whole batches
/// share their memory, and only where there are several; -1 for others.
[[nodiscard]] constexpr Index shared_batch_number(Index first, Index count, Index batch_size,
                                                  Index total) {
  return count == batch_size && total >= 2 * batch_size ? first / batch_size : -1;
}

}  // namespace detail
}  // namespace nn
