// SPDX-License-Identifier: MIT
// F1 score.
#pragma once

#include <optional>
#include <string>

#include "nn/metrics/count_metric.hpp"

namespace nn {

struct F1ScoreOptions {
  Average average = Average::macro;   ///< how classes become one number
  std::optional<double> threshold{};  ///< of scores, for values; nothing: the highest of a row
  std::optional<Index> class_id{};    ///< of this class alone
};

/// 2 P R / (P + R), the harmonic mean of precision and recall of a class (van Rijsbergen 1979),
/// averaged over classes; the rows count as much as they weigh. 0 / 0 counts as 0.
/// - Class numbers: the class with the highest score is what is predicted.
/// - Values, one or several of them 1 (Keras: F1Score): likewise, equal scores being all the
/// highest
///   and zeros none; with a threshold, each score above it predicts its class. Keras adds 1e-7 to
///   each denominator, which is not done here.
/// Throws    std::invalid_argument for a negative class_id, and, for class numbers, where a
///           threshold was given
class F1Score : public CountMetric {
 public:
  using HeldFor = F1Score;
  using HeldAs = CountMetric;
  static constexpr bool more_is_better = true;

  explicit F1Score(const F1ScoreOptions& options = {})
      : CountMetric(kind, {options.average, options.threshold, 0, options.class_id}) {}

  [[nodiscard]] static std::string name() { return kind.name; }
  [[nodiscard]] NN_COLD static F1Score from_arguments(const Arguments& arguments) {
    return F1Score{{.average = arguments.has("average")
                                   ? arguments.one_of("average", detail::averages)
                                   : Average::macro,
                    .threshold = detail::optional_argument<double>(arguments, "threshold"),
                    .class_id = detail::optional_argument<Index>(arguments, "class_id")}};
  }

 private:
  static constexpr Kind kind{
      .name = "f1_score",
      .where = "F1Score",
      .takes_values = true,
      .pools_values = false,
      .decides_by_highest = true,
      .of_all = [](const ClassCounts& counts, Average a) { return counts.f1(a); },
      .of_class = [](const ClassCounts& counts, Index k) { return counts.f1(k); }};
};

}  // namespace nn
