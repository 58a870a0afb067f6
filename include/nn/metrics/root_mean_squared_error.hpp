// SPDX-License-Identifier: MIT
// The root of the mean squared distance from the targets.
#pragma once

#include "nn/metrics/row_metric.hpp"

namespace nn {

/// Root of the mean of (y - t)^2 over all rows and their numbers, with y the result and t the
/// target (Keras: RootMeanSquaredError): a distance in the unit of the targets.
class RootMeanSquaredError : public RowMetricOf<RootMeanSquaredError> {
 public:
  static constexpr const char* metric_name = "root_mean_squared_error";
  static constexpr bool more_is_better = false;
  static constexpr bool takes_root = true;

  template <Real T>
  [[nodiscard]] static double of_row(const ScoredRow<T>& row) {
    double sum = 0;
    for (Index k = 0; k < row.classes; ++k) {
      const double error = static_cast<double>(row.scores[k]) - static_cast<double>(row.values[k]);
      sum += error * error;
    }
    return sum / static_cast<double>(row.classes);
  }
};

}  // namespace nn
