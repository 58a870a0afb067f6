// SPDX-License-Identifier: MIT
// How often the model is right.
#pragma once

#include <string>
#include <vector>

#include "nn/layer/arguments.hpp"
#include "nn/scoring/row_mean.hpp"

namespace nn {

/// Share of rows that are right (Keras: the metric called "accuracy"), which means
/// - for class numbers, that the label has the highest score (SparseCategoricalAccuracy);
/// - for rows of several values, such as one-hot ones, that score and target are highest at the
/// same
///   place (CategoricalAccuracy; for several labels a sample, use `BinaryAccuracy`);
/// - for single values, that the target is 1 where the score is above 0.5, and 0 elsewhere
///   (BinaryAccuracy).
/// Of equal scores the first counts as the highest. A row that the loss ignores counts too, as in
/// Keras.
class Accuracy {
 public:
  static constexpr bool more_is_better = true;
  static constexpr bool ranks_scores = true;

  [[nodiscard]] static std::string name() { return "accuracy"; }
  [[nodiscard]] NN_COLD Arguments arguments() const { return Arguments{name()}; }
  [[nodiscard]] NN_COLD static Accuracy from_arguments(const Arguments&) { return {}; }

  void reset() { mean_.reset(); }

  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    const bool has_labels = batch.labels != nullptr;
    mean_.add(batch, [=](const ScoredRow<T>& row) { return is_right(row, has_labels); });
  }

  [[nodiscard]] std::vector<double> state() const { return mean_.state(); }
  void set_state(const std::vector<double>& state) { mean_.set_state(state); }
  void merge(const std::vector<double>& state) { mean_.merge(state); }
  [[nodiscard]] double result() const { return mean_.result(); }

 private:
  template <Real T>
  [[nodiscard]] static bool is_right(const ScoredRow<T>& row, bool has_label) {
    if (!has_label && row.classes == 1) return T(row.scores[0] > T(0.5)) == row.values[0];
    const std::int32_t predicted = class_of_highest(row.scores, row.classes);
    return predicted == (has_label ? row.label : class_of_highest(row.values, row.classes));
  }

  RowMean mean_;
};

}  // namespace nn
