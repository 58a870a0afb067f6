// SPDX-License-Identifier: MIT
// Mean intersection over union.
#pragma once

#include <optional>
#include <string>

#include "nn/metrics/count_metric.hpp"

namespace nn {

struct MeanIoUOptions {
  std::optional<Index> class_id{};  ///< of this class alone
};

/// Of what is of a class or predicted so, the share that is both (Jaccard 1901), its mean over the
/// classes that occur (Keras: MeanIoU with sparse_y_pred false, and IoU with one target class). For
/// class numbers: of pixels, say. Rows that the loss ignores don't count.
/// Throws    std::invalid_argument for a negative class_id, and for values as targets
class MeanIoU : public CountMetric {
 public:
  using HeldFor = MeanIoU;
  using HeldAs = CountMetric;
  static constexpr bool more_is_better = true;

  explicit MeanIoU(const MeanIoUOptions& options = {})
      : CountMetric(kind, {.class_id = options.class_id}) {}

  [[nodiscard]] static std::string name() { return kind.name; }
  [[nodiscard]] NN_COLD static MeanIoU from_arguments(const Arguments& arguments) {
    return MeanIoU{{detail::optional_argument<Index>(arguments, "class_id")}};
  }

 private:
  static constexpr Kind kind{
      .name = "mean_iou",
      .where = "MeanIoU",
      .takes_values = false,
      .pools_values = false,
      .decides_by_highest = true,
      .of_all = [](const ClassCounts& c, Average) { return c.intersection_over_union(); },
      .of_class = [](const ClassCounts& c, Index k) { return c.intersection_over_union(k); }};
};

}  // namespace nn
