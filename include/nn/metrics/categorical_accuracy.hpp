// SPDX-License-Identifier: MIT
// How often the model is right, on one-hot rows.
#pragma once

#include "nn/metrics/row_metric.hpp"

namespace nn {

/// Share of rows whose highest score is where the target is highest; of equal ones the first
/// (Keras: CategoricalAccuracy).
class CategoricalAccuracy : public RowMetricOf<CategoricalAccuracy> {
 public:
  static constexpr const char* metric_name = "categorical_accuracy";
  static constexpr bool more_is_better = true;
  static constexpr bool ranks_scores = true;

  template <Real T>
  [[nodiscard]] static double of_row(const ScoredRow<T>& row) {
    return class_of_highest(row.scores, row.classes) == class_of_highest(row.values, row.classes);
  }
};

}  // namespace nn
