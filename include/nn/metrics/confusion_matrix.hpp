// SPDX-License-Identifier: MIT
// Counts of true against predicted classes, and what follows from them.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/core/tensor.hpp"
#include "nn/layer/scored_batch.hpp"

namespace nn {

/// How the values of single classes become one: their plain mean, the value over all samples
/// together (for labels that exclude each other: the accuracy), or the mean weighted by how often a
/// class is true.
enum class Average { macro, micro, weighted };

/// counts(t, p): how many samples of class t were taken for class p. Undefined ratios (0 / 0) are
/// 0.
class ConfusionMatrix {
 public:
  /// Throws `std::invalid_argument` for a negative number of classes.
  explicit ConfusionMatrix(Index classes = 0) { resize(classes); }

  [[nodiscard]] Index classes() const { return classes_; }
  [[nodiscard]] std::int64_t operator()(Index truth, Index predicted) const {
    return counts_[static_cast<std::size_t>(truth * classes_ + predicted)];
  }

  /// Counts one sample. Throws `std::invalid_argument` for a class outside 0 .. classes() - 1.
  void add(Index truth, Index predicted) {
    for (const Index k : {truth, predicted}) {
      if (k >= 0 && k < classes_) continue;
      refuse({"ConfusionMatrix", {"classes from 0 to ", classes_ - 1}, k});
    }
    ++counts_[static_cast<std::size_t>(truth * classes_ + predicted)];
  }

  /// A matrix of 0 classes takes their number from the batch; throws `std::invalid_argument` where
  /// another has other classes.
  template <Real T>
  [[gnu::noinline]] void add(const ScoredBatch<T>& batch) {
    if (classes_ == 0) resize(batch.classes);
    require(classes_ == batch.classes, "ConfusionMatrix", "batches of equally many classes",
            batch.classes);
    for (Index row = 0; row < batch.rows; ++row) add(batch.labels[row], batch.predicted(row));
  }

  /// Forgets all counts.
  void resize(Index classes) {
    require(classes >= 0, "ConfusionMatrix", "0 classes or more", classes);
    const auto size = static_cast<std::size_t>(classes);
    counts_.assign(size * size, 0);
    classes_ = classes;
  }

  [[nodiscard]] std::int64_t total() const {
    std::int64_t sum = 0;
    for (const std::int64_t count : counts_) sum += count;
    return sum;
  }
  /// Samples whose true class is k.
  [[nodiscard]] std::int64_t support(Index k) const {
    std::int64_t sum = 0;
    for (Index p = 0; p < classes_; ++p) sum += (*this)(k, p);
    return sum;
  }
  /// Samples taken for class k.
  [[nodiscard]] std::int64_t predicted(Index k) const {
    std::int64_t sum = 0;
    for (Index t = 0; t < classes_; ++t) sum += (*this)(t, k);
    return sum;
  }

  /// Share of samples taken for what they are.
  [[nodiscard]] double accuracy() const {
    std::int64_t hits = 0;
    for (Index k = 0; k < classes_; ++k) hits += (*this)(k, k);
    return ratio(hits, total());
  }
  /// Of those taken for class k, the share that is of class k.
  [[nodiscard]] double precision(Index k) const { return ratio((*this)(k, k), predicted(k)); }
  /// Of those of class k, the share taken for class k.
  [[nodiscard]] double recall(Index k) const { return ratio((*this)(k, k), support(k)); }
  /// 2PR / (P + R), the harmonic mean of precision and recall of class k.
  [[nodiscard]] double f1(Index k) const {
    return ratio(2 * (*this)(k, k), predicted(k) + support(k));
  }

  [[nodiscard]] double precision(Average average = Average::macro) const {
    return over_classes(average, [](const ConfusionMatrix& m, Index k) { return m.precision(k); });
  }
  [[nodiscard]] double recall(Average average = Average::macro) const {
    return over_classes(average, [](const ConfusionMatrix& m, Index k) { return m.recall(k); });
  }
  [[nodiscard]] double f1(Average average = Average::macro) const {
    return over_classes(average, [](const ConfusionMatrix& m, Index k) { return m.f1(k); });
  }

 private:
  [[nodiscard]] static double ratio(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  }
  [[nodiscard, gnu::cold, gnu::noinline]] double over_classes(
      Average average, double (*value)(const ConfusionMatrix&, Index)) const {
    if (average == Average::micro) return accuracy();
    double sum = 0;
    double weights = 0;
    for (Index k = 0; k < classes_; ++k) {
      const double weight = average == Average::macro ? 1.0 : static_cast<double>(support(k));
      sum += weight * value(*this, k);
      weights += weight;
    }
    return weights == 0 ? 0.0 : sum / weights;
  }

  Index classes_ = 0;
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
