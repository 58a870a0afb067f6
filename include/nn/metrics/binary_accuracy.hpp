// SPDX-License-Identifier: MIT
// How often numbers that are each true or false are right.
#pragma once

#include <string>
#include <vector>

#include "nn/layer/arguments.hpp"
#include "nn/scoring/row_mean.hpp"

namespace nn {

struct BinaryAccuracyOptions {
  double threshold = 0.5;
};

/// Share of scores that are right: above the threshold where the target is 1, not above it where
/// that is 0 (Keras: BinaryAccuracy). Several labels of a sample count one by one.
class BinaryAccuracy {
 public:
  static constexpr bool more_is_better = true;

  explicit BinaryAccuracy(const BinaryAccuracyOptions& options = {}) : options_(options) {}

  [[nodiscard]] static std::string name() { return "binary_accuracy"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}.set("threshold", options_.threshold);
  }
  [[nodiscard]] NN_COLD static BinaryAccuracy from_arguments(const Arguments& arguments) {
    return BinaryAccuracy{{.threshold = arguments.get<double>("threshold")}};
  }
  void reset() { mean_.reset(); }
  /// Throws `std::invalid_argument` for class numbers as targets.
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    require_values("binary_accuracy", batch);
    const auto threshold = static_cast<T>(options_.threshold);
    mean_.add(batch, [=](const ScoredRow<T>& row) {
      Index hits = 0;
      for (Index k = 0; k < row.classes; ++k) {
        hits += T(row.scores[k] > threshold) == row.values[k];
      }
      return static_cast<double>(hits) / static_cast<double>(row.classes);
    });
  }
  [[nodiscard]] std::vector<double> state() const { return mean_.state(); }
  void set_state(const std::vector<double>& state) { mean_.set_state(state); }
  void merge(const std::vector<double>& state) { mean_.merge(state); }
  [[nodiscard]] double result() const { return mean_.result(); }

 private:
  BinaryAccuracyOptions options_;
  RowMean mean_;
};

}  // namespace nn
