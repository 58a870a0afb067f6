// SPDX-License-Identifier: MIT
// What losses and metrics look at: a batch of predictions beside its targets.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "nn/core/config.hpp"

namespace nn {

/// The class with the highest of `classes` scores, the first of equals.
template <Real T>
[[nodiscard]] std::int32_t class_of_highest(const T* scores, Index classes) {
  return static_cast<std::int32_t>(std::max_element(scores, scores + classes) - scores);
}

/// One prediction: a row of a batch.
template <Real T>
struct ScoredRow {
  Index classes = 0;          ///< numbers in the row
  const T* scores = nullptr;  ///< [classes]
  std::int32_t label = 0;     ///< where the targets are class numbers
  const T* values = nullptr;  ///< [classes], where the targets are values; else null
  T weight = T(1);            ///< of the row
  bool are_logits = false;    ///< see ScoredBatch
};

/// `rows` predictions of `classes` numbers each, and what they should have been: class numbers or
/// values, the other pointer is null. A result [N, positions, classes] is N positions rows.
template <Real T>
struct ScoredBatch {
  Index rows = 0;
  Index classes = 0;          ///< numbers in a row: scores of classes, or other values
  const T* scores = nullptr;  ///< [rows, classes]: probabilities, logits, values
  const std::int32_t* labels =
      nullptr;                 ///< [rows], each in 0 .. classes - 1 or ignored by the loss
  const T* values = nullptr;   ///< [rows, classes]
  const T* weights = nullptr;  ///< [rows], how much each row counts; null: all 1
  bool are_logits = false;     ///< scores are what the loss's closing activation would get
  /// [rows / rows_per_step], false: a step of a sequence that is masked, whose rows don't count.
  /// Null: all count.
  const bool* mask = nullptr;
  Index rows_per_step = 1;
  std::optional<std::int32_t> ignore_class{};  ///< the label of rows that the loss ignores
  /// Where the rows are a part of a larger batch: what the sum of that batch's losses is divided
  /// by, and its rows; else negative.
  double divisor = -1;
  Index batch_rows = -1;

  [[nodiscard]] ScoredRow<T> row(Index i) const {
    return {.classes = classes,
            .scores = scores + i * classes,
            .label = labels == nullptr ? 0 : labels[i],
            .values = values == nullptr ? nullptr : values + i * classes,
            .weight = is_masked(i)         ? T(0)
                      : weights == nullptr ? T(1)
                                           : weights[i],
            .are_logits = are_logits};
  }
  [[nodiscard]] bool is_masked(Index i) const {
    return mask != nullptr && !mask[i / rows_per_step];
  }
  [[nodiscard]] double weight(Index i) const {
    if (is_masked(i)) return 0;
    return weights == nullptr ? 1.0 : static_cast<double>(weights[i]);
  }
  /// The class with the highest score, the first of equals.
  [[nodiscard]] std::int32_t predicted(Index row) const {
    return class_of_highest(scores + row * classes, classes);
  }
};

}  // namespace nn
