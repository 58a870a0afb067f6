// SPDX-License-Identifier: MIT
// How often the model is right.
#pragma once

#include "nn/metrics/row_metric.hpp"

namespace nn {

/// Share of rows that are right (Keras: the metric called "accuracy"), which means
/// - for class numbers, that the label has the highest score (SparseCategoricalAccuracy);
/// - for rows of several values, such as one-hot ones, that score and target are highest at the
///   same place (CategoricalAccuracy; for several labels a sample, use `BinaryAccuracy`);
/// - for single values, that the target is 1 where the score is above 0.5, and 0 elsewhere
///   (BinaryAccuracy).
/// Of equal scores the first counts as the highest. A row that the loss ignores counts too, as in
/// Keras.
class Accuracy : public RowMetricOf<Accuracy> {
 public:
  static constexpr const char* metric_name = "accuracy";
  static constexpr bool more_is_better = true;
  static constexpr bool ranks_scores = true;
  static constexpr bool takes_classes = true;

  template <Real T>
  [[nodiscard]] static double of_row(const ScoredRow<T>& row) {
    const bool has_label = row.values == nullptr;
    if (!has_label && row.classes == 1) return T(row.scores[0] > T(0.5)) == row.values[0];
    const std::int32_t predicted = class_of_highest(row.scores, row.classes);
    return predicted == (has_label ? row.label : class_of_highest(row.values, row.classes));
  }
};

}  // namespace nn
