// SPDX-License-Identifier: MIT
// Accuracy on integer labels.
#pragma once

#include <cstdint>
#include <string>

#include "nn/scoring/scored_batch.hpp"

namespace nn {

/// Share of samples whose label has the highest score. Of equal scores the first counts as the
/// highest (Keras: SparseCategoricalAccuracy, by the name "accuracy").
class Accuracy {
 public:
  static constexpr bool more_is_better = true;

  [[nodiscard]] std::string name() const { return "accuracy"; }

  void reset() { hits_ = total_ = 0; }

  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    for (Index row = 0; row < batch.rows; ++row) hits_ += batch.predicted(row) == batch.labels[row];
    total_ += batch.rows;
  }

  [[nodiscard]] double result() const {
    return total_ == 0 ? 0.0 : static_cast<double>(hits_) / static_cast<double>(total_);
  }

 private:
  std::int64_t hits_ = 0;
  std::int64_t total_ = 0;
};

}  // namespace nn
