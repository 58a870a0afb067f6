// SPDX-License-Identifier: MIT
// Which class was taken for which.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "nn/core/tensor.hpp"
#include "nn/metrics/class_counts.hpp"

namespace nn {

/// counts(t, p): how many samples of class t were taken for class p; and the ratios of
/// `ClassCounts`.
class ConfusionMatrix : private ClassCounts {
 public:
  /// Throws `std::invalid_argument` for a negative number of classes.
  explicit ConfusionMatrix(Index classes = 0) : ClassCounts("ConfusionMatrix") { resize(classes); }

  [[nodiscard]] std::int64_t operator()(Index truth, Index predicted) const {
    return counts_[place(truth, predicted)];
  }

  using ClassCounts::accuracy;
  using ClassCounts::classes;
  using ClassCounts::f1;
  using ClassCounts::precision;
  using ClassCounts::predicted;
  using ClassCounts::recall;
  using ClassCounts::support;
  using ClassCounts::total;

  /// Counts one sample. Throws `std::invalid_argument` for a class outside 0 .. classes() - 1.
  void add(Index truth, Index predicted) {
    ClassCounts::add(truth, predicted);
    ++counts_[place(truth, predicted)];
  }

  /// A matrix of 0 classes takes their number from the batch; throws `std::invalid_argument` where
  /// another has other classes.
  template <Real T>
  [[gnu::noinline]] void add(const ScoredBatch<T>& batch) {
    if (classes() == 0) resize(batch.classes);
    require_classes(batch.classes);
    for (Index row = 0; row < batch.rows; ++row) add(batch.labels[row], batch.predicted(row));
  }

  /// Forgets all counts.
  void resize(Index classes) {
    ClassCounts fresh("ConfusionMatrix", classes);
    const auto size = static_cast<std::size_t>(classes);
    counts_.assign(size * size, 0);
    ClassCounts::operator=(std::move(fresh));  // after what may lack memory
  }

 private:
  [[nodiscard]] std::size_t place(Index truth, Index predicted) const {
    return static_cast<std::size_t>(truth * classes() + predicted);
  }

  std::vector<std::int64_t> counts_;  // [classes, classes], true class first
};

/// The confusion matrix of predictions [N, classes] (probabilities or logits) against labels [N].
/// Throws `ShapeError` where the numbers of samples differ.
template <class Predictions>
requires TensorLike<Predictions> &&(Predictions::NumDimensions == 2) [[nodiscard]] ConfusionMatrix
    confusion_matrix(const Labels& labels, const Predictions& predictions) {
  if (labels.size() != predictions.dimension(0)) {
    refuse<ShapeError>({"confusion_matrix",
                        {"predictions of ", labels.size(), " samples"},
                        predictions.dimension(0)});
  }
  ConfusionMatrix matrix(predictions.dimension(1));
  matrix.add(ScoredBatch<ScalarOf<Predictions>>{.rows = predictions.dimension(0),
                                                .classes = predictions.dimension(1),
                                                .scores = predictions.data(),
                                                .labels = labels.data()});
  return matrix;
}

}  // namespace nn
