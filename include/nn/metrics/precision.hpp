// SPDX-License-Identifier: MIT
// Of what is taken for a class, the share that belongs to it.
#pragma once

#include <string>

#include "nn/kernels/product/precision.hpp"
#include "nn/metrics/count_metric.hpp"

namespace nn {

using PrecisionOptions = CountMetricOptions;

/// Of what is predicted as a class, the share that belongs to it: sums of the rows' weights. 0 / 0
/// counts as 0. The word has a second sense in this field, so the class also lends its name to
/// number formats: `compile(..., {.precision = nn::Precision::bfloat16})`.
/// - Class numbers: the class with the highest score is what is predicted, and the mean over
/// classes
///   is the result (scikit-learn's precision_recall_fscore_support).
/// - Values, one or several of them 1: each score above the threshold predicts its class, and all
///   classes are counted together (Keras: Precision).
/// Throws    std::invalid_argument for a negative top_k or class_id, and for class numbers where a
///           threshold or top_k was given
class Precision : public CountMetric {
 public:
  using HeldFor = Precision;
  using HeldAs = CountMetric;
  static constexpr bool more_is_better = true;
  static constexpr ProductPrecision float32{};
  static constexpr ProductPrecision bfloat16 = ProductPrecision::bfloat16();
  static constexpr NumberFormat int8 = NumberFormat::int8;  // for `quantize`; of no products

  explicit Precision(const PrecisionOptions& options = {}) : CountMetric(kind, options) {}

  [[nodiscard]] static std::string name() { return kind.name; }
  [[nodiscard]] NN_COLD static Precision from_arguments(const Arguments& arguments) {
    return Precision{detail::count_metric_options(arguments)};
  }

 private:
  static constexpr Kind kind{
      .name = "precision",
      .where = "Precision",
      .takes_values = true,
      .pools_values = true,
      .decides_by_highest = false,
      .of_all = [](const ClassCounts& counts, Average a) { return counts.precision(a); },
      .of_class = [](const ClassCounts& counts, Index k) { return counts.precision(k); }};
};

}  // namespace nn
