// SPDX-License-Identifier: MIT
// Counts of true and predicted classes, and the ratios that follow from them.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "nn/core/error.hpp"
#include "nn/core/finite.hpp"
#include "nn/scoring/row_mean.hpp"

namespace nn {

/// How the values of all classes become one. macro: their mean. weighted: their mean, each weighted
/// by how often its class is true. micro: the value over all samples and classes together, which is
/// the accuracy where each sample has one class.
enum class Average { macro, micro, weighted };

[[nodiscard]] constexpr const char* to_string(Average average) {
  if (average == Average::macro) return "macro";
  return average == Average::micro ? "micro" : "weighted";
}

namespace detail {
inline constexpr Average averages[] = {Average::macro, Average::micro, Average::weighted};
}

/// Which classes a row of scores predicts where the targets are values, one or several at once.
struct ClassDecision {
  /// Those whose scores are above it; nothing: those with the highest score, unless that is 0.
  std::optional<double> threshold{};
  Index top_k = 0;  ///< above 0: at most so many, those with the highest scores
};

/// How often each class was true, predicted, and both at once, or the sums of the weights of these
/// samples: three numbers for each class, so that many thousand classes fit. Undefined ratios
/// (0 / 0) are 0.
class ClassCounts {
 public:
  /// Errors begin with `where`, a string literal. Throws `std::invalid_argument` for a negative
  /// number of classes.
  explicit ClassCounts(const char* where = "ClassCounts", Index classes = 0) : where_(where) {
    resize(classes);
  }

  [[nodiscard]] Index classes() const { return std::ssize(counts_); }

  /// Counts one sample. Throws `std::invalid_argument` for a class outside 0 .. classes() - 1.
  void add(Index truth, Index predicted, double weight = 1) {
    for (const Index k : {truth, predicted}) {
      if (k >= 0 && k < classes()) continue;
      refuse({where_, {"classes from 0 to ", classes() - 1}, k});
    }
    counts_[static_cast<std::size_t>(truth)].support += weight;
    counts_[static_cast<std::size_t>(predicted)].predicted += weight;
    if (truth == predicted) counts_[static_cast<std::size_t>(truth)].hits += weight;
  }

  /// Counts a batch, each row times its weight, but for rows that the loss ignores: class numbers
  /// against the class with the highest score, values that are not 0 against those that `decision`
  /// says. A first batch sets the number of classes, if that is 0. Throws `std::invalid_argument`
  /// for a batch with another number.
  template <Real T>
  [[gnu::noinline]] void add(const ScoredBatch<T>& batch, const ClassDecision& decision = {}) {
    if (batch.values == nullptr) return add_to(*this, batch);
    begin(*this, batch);
    std::vector<double> scores(static_cast<std::size_t>(batch.classes)), values(scores);
    for (Index i = 0; i < batch.rows; ++i) {
      const ScoredRow<T> row = batch.row(i);
      for (std::size_t k = 0; k < scores.size(); ++k) {
        scores[k] = static_cast<double>(row.scores[k]);
        values[k] = static_cast<double>(row.values[k]);
      }
      add_row(scores, values, batch.weight(i), decision);
    }
  }

  /// Sets the number of classes, and all counts to 0.
  void resize(Index classes) {
    demand(classes >= 0, where_, "0 classes or more", classes);
    counts_.assign(static_cast<std::size_t>(classes), {});
  }

  /// All counts, to go on from.
  [[nodiscard]] NN_COLD std::vector<double> state() const {
    std::vector<double> state;
    for (const Counts& counts : counts_) {
      for (const double count : {counts.support, counts.predicted, counts.hits}) {
        state.push_back(count);
      }
    }
    return state;
  }
  /// Throws `std::invalid_argument` for a list that `state` can't have given.
  NN_COLD void set_state(const std::vector<double>& state) {
    demand(state.size() % 3 == 0, where_, "a state of 3 numbers for each class", state.size());
    std::vector<Counts> read(state.size() / 3);
    for (std::size_t k = 0; k < read.size(); ++k) {
      for (std::size_t i = 3 * k; i < 3 * k + 3; ++i) {
        demand(is_finite(state[i]) && state[i] >= 0, where_, "counts of 0 or more", state[i]);
      }
      read[k] = {.support = state[3 * k], .predicted = state[3 * k + 1], .hits = state[3 * k + 2]};
    }
    counts_ = std::move(read);
  }
  /// Adds the counts of another one. One of the two may be without classes yet.
  NN_COLD void merge(const std::vector<double>& state) {
    ClassCounts other(where_);
    other.set_state(state);
    if (classes() == 0) resize(other.classes());
    demand(other.classes() == classes() || other.classes() == 0, where_,
           "counts of equally many classes", other.classes());
    for (std::size_t k = 0; k < other.counts_.size(); ++k) {
      counts_[k].support += other.counts_[k].support;
      counts_[k].predicted += other.counts_[k].predicted;
      counts_[k].hits += other.counts_[k].hits;
    }
  }

  [[nodiscard]] std::int64_t total() const { return static_cast<std::int64_t>(sum().support); }
  /// Samples whose true class is k.
  [[nodiscard]] std::int64_t support(Index k) const {
    return static_cast<std::int64_t>(of(k).support);
  }
  /// Samples predicted as class k.
  [[nodiscard]] std::int64_t predicted(Index k) const {
    return static_cast<std::int64_t>(of(k).predicted);
  }

  /// Share of samples classified correctly.
  [[nodiscard]] double accuracy() const { return sum().recall(); }
  /// Of the samples predicted as class k, the share that is of class k.
  [[nodiscard]] double precision(Index k) const { return of(k).precision(); }
  /// Of the samples of class k, the share predicted as class k.
  [[nodiscard]] double recall(Index k) const { return of(k).recall(); }
  /// 2PR / (P + R), the harmonic mean of precision and recall of class k.
  [[nodiscard]] double f1(Index k) const { return of(k).f1(); }
  /// Samples that are of class k and predicted so, of those that are one of both (Jaccard 1901).
  [[nodiscard]] double intersection_over_union(Index k) const { return of(k).overlap(); }

  [[nodiscard]] double precision(Average average = Average::macro) const {
    return over_classes(average, [](const Counts& counts) { return counts.precision(); });
  }
  [[nodiscard]] double recall(Average average = Average::macro) const {
    return over_classes(average, [](const Counts& counts) { return counts.recall(); });
  }
  [[nodiscard]] double f1(Average average = Average::macro) const {
    return over_classes(average, [](const Counts& counts) { return counts.f1(); });
  }
  /// The mean over classes that are true or predicted somewhere.
  [[nodiscard]] NN_COLD double intersection_over_union() const {
    double sum = 0, count = 0;
    for (const Counts& counts : counts_) {
      sum += counts.overlap();
      count += counts.support + counts.predicted > 0;
    }
    return ratio(sum, count);
  }

 protected:
  template <class Self, Real T>
  void begin(Self& self, const ScoredBatch<T>& batch) const {
    if (classes() == 0) self.resize(batch.classes);
    demand(batch.classes == classes(), where_, "batches of equally many classes", batch.classes);
  }
  /// Counts a batch by `add` and `resize` of `self`: this object as a value of its own class.
  template <class Self, Real T>
  [[gnu::noinline]] void add_to(Self& self, const ScoredBatch<T>& batch) {
    require_labels(where_, batch);
    begin(self, batch);
    for (Index row = 0; row < batch.rows; ++row) {
      if (batch.labels[row] == batch.ignore_class) continue;
      if constexpr (std::same_as<Self, ClassCounts>) {
        self.add(batch.labels[row], batch.predicted(row), batch.weight(row));
      } else {
        self.add(batch.labels[row], batch.predicted(row));
      }
    }
  }

 private:
  [[nodiscard]] static double ratio(double part, double whole) {
    return whole == 0 ? 0.0 : part / whole;
  }

  struct Counts {
    double support = 0;    // samples of this class
    double predicted = 0;  // samples predicted as this class
    double hits = 0;       // samples that are both

    [[nodiscard]] double precision() const { return ratio(hits, predicted); }
    [[nodiscard]] double recall() const { return ratio(hits, support); }
    [[nodiscard]] double f1() const { return ratio(2 * hits, predicted + support); }
    [[nodiscard]] double overlap() const { return ratio(hits, predicted + support - hits); }
  };

  /// Of all classes together.
  [[nodiscard]] NN_COLD Counts sum() const {
    Counts sum;
    for (const Counts& counts : counts_) {
      sum.support += counts.support;
      sum.predicted += counts.predicted;
      sum.hits += counts.hits;
    }
    return sum;
  }

  /// A row of values. Of equal scores the first ones are among the top k.
  NN_COLD void add_row(const std::vector<double>& scores, const std::vector<double>& values,
                       double weight, const ClassDecision& decision) {
    const Index top_k = std::min<Index>(decision.top_k, std::ssize(scores));
    double least = *std::max_element(scores.begin(), scores.end());
    Index num_equal = 0;  // how many of those that have the least of the top k's scores are taken
    if (top_k > 0) {
      std::vector<double> sorted = scores;
      std::sort(sorted.begin(), sorted.end(), std::greater<>{});
      least = sorted[static_cast<std::size_t>(top_k - 1)];
      num_equal = top_k - (std::find(sorted.begin(), sorted.end(), least) - sorted.begin());
    }
    for (std::size_t k = 0; k < scores.size(); ++k) {
      const bool is_highest = top_k == 0
                                  ? scores[k] == least && scores[k] != 0
                                  : scores[k] > least || (scores[k] == least && num_equal-- > 0);
      const bool is_above = !decision.threshold || scores[k] > *decision.threshold;
      const bool is_predicted = is_above && (is_highest || (top_k == 0 && decision.threshold));
      if (values[k] != 0) counts_[k].support += weight;
      if (is_predicted) counts_[k].predicted += weight;
      if (values[k] != 0 && is_predicted) counts_[k].hits += weight;
    }
  }

  [[nodiscard]] const Counts& of(Index k) const { return counts_[static_cast<std::size_t>(k)]; }

  [[nodiscard]] NN_COLD double over_classes(Average average, double (*value)(const Counts&)) const {
    if (average == Average::micro) return value(sum());
    double sum = 0;
    double weights = 0;
    for (const Counts& counts : counts_) {
      const double weight = average == Average::macro ? 1.0 : counts.support;
      sum += weight * value(counts);
      weights += weight;
    }
    return ratio(sum, weights);
  }

  const char* where_;
  std::vector<Counts> counts_;  // one for each class
};

}  // namespace nn
