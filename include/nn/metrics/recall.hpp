// SPDX-License-Identifier: MIT
// Of what belongs to a class, the share that is taken for it.
#pragma once

#include <string>

#include "nn/metrics/count_metric.hpp"

namespace nn {

using RecallOptions = CountMetricOptions;

/// Of what belongs to a class, the share that is predicted so: sums of the rows' weights. 0 / 0
/// counts as 0.
/// - Class numbers: the class with the highest score is what is predicted, and the mean over
/// classes
///   is the result (scikit-learn's precision_recall_fscore_support).
/// - Values, one or several of them 1: each score above the threshold predicts its class, and all
///   classes are counted together (Keras: Recall).
/// Throws    std::invalid_argument for a negative top_k or class_id, and for class numbers where a
///           threshold or top_k was given
class Recall : public CountMetric {
 public:
  using HeldFor = Recall;
  using HeldAs = CountMetric;
  static constexpr bool more_is_better = true;

  explicit Recall(const RecallOptions& options = {}) : CountMetric(kind, options) {}

  [[nodiscard]] static std::string name() { return kind.name; }
  [[nodiscard]] NN_COLD static Recall from_arguments(const Arguments& arguments) {
    return Recall{detail::count_metric_options(arguments)};
  }

 private:
  static constexpr Kind kind{
      .name = "recall",
      .where = "Recall",
      .takes_values = true,
      .pools_values = true,
      .decides_by_highest = false,
      .of_all = [](const ClassCounts& counts, Average a) { return counts.recall(a); },
      .of_class = [](const ClassCounts& counts, Index k) { return counts.recall(k); }};
};

}  // namespace nn
