// SPDX-License-Identifier: MIT
// Recall on integer labels.
#pragma once

#include <string>

#include "nn/metrics/class_counts.hpp"

namespace nn {

struct RecallOptions {
  Average average = Average::macro;
};

/// Of the samples of a class, the share predicted as that class, averaged over classes. 0 / 0
/// counts as 0.
class Recall {
 public:
  static constexpr bool more_is_better = true;
  static constexpr bool ranks_scores = true;

  explicit Recall(const RecallOptions& options = {}) : options_(options) {}

  [[nodiscard]] std::string name() const { return "recall"; }
  void reset() { counts_.resize(0); }
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    counts_.add(batch);
  }
  [[nodiscard]] double result() const { return counts_.recall(options_.average); }

 private:
  RecallOptions options_;
  ClassCounts counts_{"Recall"};
};

}  // namespace nn
