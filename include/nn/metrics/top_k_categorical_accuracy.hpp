// SPDX-License-Identifier: MIT
// How often the true class is among the best.
#pragma once

#include <algorithm>

#include "nn/metrics/row_metric.hpp"

namespace nn {

struct TopKCategoricalAccuracyOptions {
  Index k = 5;  ///< how many classes may be named; at least 1
};

/// Share of rows whose true class, a class number or the highest of a row of values, has one of the
/// k highest scores (Keras: TopKCategoricalAccuracy, and SparseTopKCategoricalAccuracy for class
/// numbers). Scores equal to the true class's do not push it back.
/// Throws    std::invalid_argument for a k below 1
class TopKCategoricalAccuracy : public RowMetricOf<TopKCategoricalAccuracy> {
 public:
  static constexpr const char* metric_name = "top_k_categorical_accuracy";
  static constexpr const char* parameter_name = "k";
  static constexpr bool is_whole = true;
  static constexpr bool more_is_better = true;
  static constexpr bool ranks_scores = true;
  static constexpr bool takes_classes = true;

  explicit TopKCategoricalAccuracy(const TopKCategoricalAccuracyOptions& options = {})
      : RowMetricOf(static_cast<double>(options.k)) {
    demand(options.k >= 1, "TopKCategoricalAccuracy", "a k of 1 or more", options.k);
  }
  [[nodiscard]] NN_COLD static TopKCategoricalAccuracy from_arguments(const Arguments& arguments) {
    return TopKCategoricalAccuracy{{.k = arguments.get<Index>("k")}};
  }

  template <Real T>
  [[nodiscard]] static double of_row(const ScoredRow<T>& row, double k) {
    const T score =
        row.scores[row.values == nullptr ? row.label : class_of_highest(row.values, row.classes)];
    const auto num_higher = std::count_if(row.scores, row.scores + row.classes,
                                          [score](const T& other) { return other > score; });
    return static_cast<double>(num_higher) < k;
  }
};

}  // namespace nn
