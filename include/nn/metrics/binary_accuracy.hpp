// SPDX-License-Identifier: MIT
// How often numbers that are each true or false are right.
#pragma once

#include "nn/metrics/row_metric.hpp"

namespace nn {

struct BinaryAccuracyOptions {
  double threshold = 0.5;
};

/// Share of scores that are right: above the threshold where the target is 1, not above it where
/// that is 0 (Keras: BinaryAccuracy). Several labels of a sample count one by one.
class BinaryAccuracy : public RowMetricOf<BinaryAccuracy> {
 public:
  static constexpr const char* metric_name = "binary_accuracy";
  static constexpr const char* parameter_name = "threshold";
  static constexpr bool more_is_better = true;

  explicit BinaryAccuracy(const BinaryAccuracyOptions& options = {})
      : RowMetricOf(options.threshold) {}
  [[nodiscard]] NN_COLD static BinaryAccuracy from_arguments(const Arguments& arguments) {
    return BinaryAccuracy{{.threshold = arguments.get<double>("threshold")}};
  }

  template <Real T>
  [[nodiscard]] static double of_row(const ScoredRow<T>& row, double threshold) {
    Index hits = 0;
    for (Index k = 0; k < row.classes; ++k) {
      hits += T(row.scores[k] > static_cast<T>(threshold)) == row.values[k];
    }
    return static_cast<double>(hits) / static_cast<double>(row.classes);
  }
};

}  // namespace nn
