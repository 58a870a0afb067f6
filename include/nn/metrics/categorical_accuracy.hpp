// SPDX-License-Identifier: MIT
// How often the model is right, on one-hot rows.
#pragma once

#include <string>
#include <vector>

#include "nn/layer/arguments.hpp"
#include "nn/scoring/row_mean.hpp"

namespace nn {

/// Share of rows whose highest score is where the target is highest; of equal ones the first
/// (Keras: CategoricalAccuracy).
class CategoricalAccuracy {
 public:
  static constexpr bool more_is_better = true;
  static constexpr bool ranks_scores = true;

  [[nodiscard]] static std::string name() { return "categorical_accuracy"; }
  [[nodiscard]] NN_COLD Arguments arguments() const { return Arguments{name()}; }
  [[nodiscard]] NN_COLD static CategoricalAccuracy from_arguments(const Arguments&) { return {}; }
  void reset() { mean_.reset(); }
  /// Throws `std::invalid_argument` for class numbers as targets.
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    require_values("categorical_accuracy", batch);
    mean_.add(batch, [](const ScoredRow<T>& row) {
      return class_of_highest(row.scores, row.classes) == class_of_highest(row.values, row.classes);
    });
  }
  [[nodiscard]] std::vector<double> state() const { return mean_.state(); }
  void set_state(const std::vector<double>& state) { mean_.set_state(state); }
  void merge(const std::vector<double>& state) { mean_.merge(state); }
  [[nodiscard]] double result() const { return mean_.result(); }

 private:
  RowMean mean_;
};

}  // namespace nn
