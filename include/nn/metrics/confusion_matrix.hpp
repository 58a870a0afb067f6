// SPDX-License-Identifier: MIT
// How often each class was predicted as which.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/checked.hpp"
#include "nn/core/tensor.hpp"
#include "nn/data/targets.hpp"
#include "nn/metrics/class_counts.hpp"

namespace nn {

/// counts(t, p) is the number of samples of class t that were predicted as class p. Has the ratios
/// of `ClassCounts` too.
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

  /// Counts a batch, as `ClassCounts` does.
  template <Real T>
  void add(const ScoredBatch<T>& batch) {
    add_to(*this, batch);
  }

  /// Sets the number of classes, and all counts to 0.
  void resize(Index classes) {
    ClassCounts fresh("ConfusionMatrix", classes);
    counts_.assign(static_cast<std::size_t>(checked_product({classes, classes})), 0);
    ClassCounts::operator=(std::move(fresh));  // after what may throw
  }

 private:
  [[nodiscard]] std::size_t place(Index truth, Index predicted) const {
    return static_cast<std::size_t>(truth * classes() + predicted);
  }

  std::vector<std::int64_t> counts_;  // [classes, classes], true class first
};

namespace detail {

/// A view of class numbers. For anything else, the compiler's error is a sentence.
template <class Y>
[[nodiscard]] Targets labels_of(const Y& y) {
  constexpr bool is_accepted = TargetData<Y> && has_class_numbers<Y>;
  static_assert(is_accepted,
                "nn: labels are class numbers, counted from 0, of type std::int32_t: an "
                "nn::Labels, a std::vector<int> or an Eigen::VectorXi");
  if constexpr (is_accepted) return Targets(y);
  return {};
}

}  // namespace detail

/// The confusion matrix of predictions [N, classes] (probabilities or logits) against labels y [N].
/// Throws `ShapeError` unless there is one label for each sample.
template <class Y, class Predictions>
requires TensorLike<Predictions> &&(Predictions::NumDimensions == 2) [[nodiscard]] ConfusionMatrix
    confusion_matrix(const Y& y, const Predictions& predictions) {
  const Targets labels = detail::labels_of(y);
  const Index count = predictions.dimension(0);
  if (labels.count() != count || labels.numbers_per_sample() != 1) {
    refuse<ShapeError>({"confusion_matrix",
                        {"labels of shape [", count, "] or [", count, ", 1]"},
                        labels.shape().to_string()});
  }
  std::vector<std::int32_t> side_by_side(static_cast<std::size_t>(count));
  ConfusionMatrix matrix(predictions.dimension(1));
  matrix.add(ScoredBatch<ScalarOf<Predictions>>{
      .rows = count,
      .classes = predictions.dimension(1),
      .scores = predictions.data(),
      .labels = labels.gather_classes(nullptr, count, side_by_side.data())});
  return matrix;
}

/// The counts as a table, the true classes as rows and the predicted ones as columns:
///
///           predicted
///     true     0     1
///        0   978     2
///        1     0  1135
///
/// Columns that don't fit into lines of `line_width` characters follow in a table of their own.
[[nodiscard]] NN_COLD inline std::string to_string(const ConfusionMatrix& confusion,
                                                   Index line_width = 80) {
  const Index classes = confusion.classes();
  std::int64_t largest = 0;
  for (Index t = 0; t < classes; ++t) {
    for (Index p = 0; p < classes; ++p) largest = std::max(largest, confusion(t, p));
  }
  const auto digits = [](std::int64_t number) { return std::ssize(std::to_string(number)); };
  const Index name_width = std::max<Index>(digits(classes - 1), 4);  // that of "true"
  const Index width = 2 + std::max(digits(classes - 1), digits(largest));
  const Index step = std::max<Index>((line_width - name_width) / width, 1);

  std::string text;
  const auto append_cell = [&](const std::string& cell, Index cell_width) {
    text.append(static_cast<std::size_t>(cell_width - std::ssize(cell)), ' ').append(cell);
  };
  for (Index first = 0; first < classes; first += step) {
    const Index end = std::min(classes, first + step);
    if (first > 0) text += '\n';
    append_cell("", name_width);
    text.append("  predicted\n");
    append_cell("true", name_width);
    for (Index p = first; p < end; ++p) append_cell(std::to_string(p), width);
    for (Index t = 0; t < classes; ++t) {
      text += '\n';
      append_cell(std::to_string(t), name_width);
      for (Index p = first; p < end; ++p) append_cell(std::to_string(confusion(t, p)), width);
    }
    text += '\n';
  }
  return text;
}

/// Prints the table. (A template, so that only programs that print need the stream's definition.)
template <std::same_as<char> Char>
std::basic_ostream<Char>& operator<<(std::basic_ostream<Char>& stream,
                                     const ConfusionMatrix& confusion) {
  return stream << to_string(confusion);
}

}  // namespace nn
