// SPDX-License-Identifier: MIT
// Counts of true and predicted classes, and the ratios that follow from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/core/error.hpp"
#include "nn/core/whole_number.hpp"
#include "nn/scoring/row_mean.hpp"

namespace nn {

/// How the values of all classes become one. macro: their mean. weighted: their mean, each weighted
/// by how often its class is true. micro: the value over all samples together, which is the
/// accuracy, as each sample has one class.
enum class Average { macro, micro, weighted };

[[nodiscard]] constexpr std::string_view to_string(Average average) {
  if (average == Average::macro) return "macro";
  return average == Average::micro ? "micro" : "weighted";
}

namespace detail {
inline constexpr Average averages[] = {Average::macro, Average::micro, Average::weighted};
}

/// How often each class was true, predicted, and both at once: three numbers for each class, so
/// that many thousand classes fit. Undefined ratios (0 / 0) are 0.
class ClassCounts {
 public:
  /// Errors begin with `where`, a string literal. Throws `std::invalid_argument` for a negative
  /// number of classes.
  explicit ClassCounts(const char* where = "ClassCounts", Index classes = 0) : where_(where) {
    resize(classes);
  }

  [[nodiscard]] Index classes() const { return std::ssize(counts_); }

  /// Counts one sample. Throws `std::invalid_argument` for a class outside 0 .. classes() - 1.
  void add(Index truth, Index predicted) {
    for (const Index k : {truth, predicted}) {
      if (k >= 0 && k < classes()) continue;
      refuse({where_, {"classes from 0 to ", classes() - 1}, k});
    }
    ++counts_[static_cast<std::size_t>(truth)].support;
    ++counts_[static_cast<std::size_t>(predicted)].predicted;
    if (truth == predicted) ++counts_[static_cast<std::size_t>(truth)].hits;
  }

  /// Counts a batch, but for rows that the loss ignores. A first batch sets the number of classes,
  /// if that is 0. Throws `std::invalid_argument` for a batch with another number, and for values
  /// as targets.
  template <Real T>
  void add(const ScoredBatch<T>& batch) {
    add_to(*this, batch);
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
      for (const std::int64_t count : {counts.support, counts.predicted, counts.hits}) {
        state.push_back(static_cast<double>(count));
      }
    }
    return state;
  }
  /// Throws `std::invalid_argument` for a list that `state` can't have given.
  NN_COLD void set_state(const std::vector<double>& state) {
    demand(state.size() % 3 == 0, where_, "a state of 3 numbers for each class", state.size());
    std::vector<Counts> read(state.size() / 3);
    for (std::size_t k = 0; k < read.size(); ++k) {
      read[k] = {.support = whole_number(state[3 * k], where_),
                 .predicted = whole_number(state[3 * k + 1], where_),
                 .hits = whole_number(state[3 * k + 2], where_)};
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

  [[nodiscard]] std::int64_t total() const {
    std::int64_t sum = 0;
    for (const Counts& counts : counts_) sum += counts.support;
    return sum;
  }
  /// Samples whose true class is k.
  [[nodiscard]] std::int64_t support(Index k) const { return of(k).support; }
  /// Samples predicted as class k.
  [[nodiscard]] std::int64_t predicted(Index k) const { return of(k).predicted; }

  /// Share of samples classified correctly.
  [[nodiscard]] double accuracy() const {
    std::int64_t hits = 0;
    for (const Counts& counts : counts_) hits += counts.hits;
    return ratio(hits, total());
  }
  /// Of the samples predicted as class k, the share that is of class k.
  [[nodiscard]] double precision(Index k) const { return of(k).precision(); }
  /// Of the samples of class k, the share predicted as class k.
  [[nodiscard]] double recall(Index k) const { return of(k).recall(); }
  /// 2PR / (P + R), the harmonic mean of precision and recall of class k.
  [[nodiscard]] double f1(Index k) const { return of(k).f1(); }

  [[nodiscard]] double precision(Average average = Average::macro) const {
    return over_classes(average, [](const Counts& counts) { return counts.precision(); });
  }
  [[nodiscard]] double recall(Average average = Average::macro) const {
    return over_classes(average, [](const Counts& counts) { return counts.recall(); });
  }
  [[nodiscard]] double f1(Average average = Average::macro) const {
    return over_classes(average, [](const Counts& counts) { return counts.f1(); });
  }

 protected:
  /// Counts a batch by `add` and `resize` of `self`: this object as a value of its own class.
  template <class Self, Real T>
  [[gnu::noinline]] void add_to(Self& self, const ScoredBatch<T>& batch) {
    require_labels(where_, batch);
    if (classes() == 0) self.resize(batch.classes);
    demand(batch.classes == classes(), where_, "batches of equally many classes", batch.classes);
    for (Index row = 0; row < batch.rows; ++row) {
      if (batch.labels[row] == batch.ignore_class) continue;
      self.add(batch.labels[row], batch.predicted(row));
    }
  }

 private:
  [[nodiscard]] static double ratio(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  }

  struct Counts {
    std::int64_t support = 0;    // samples of this class
    std::int64_t predicted = 0;  // samples predicted as this class
    std::int64_t hits = 0;       // samples that are both

    [[nodiscard]] double precision() const { return ratio(hits, predicted); }
    [[nodiscard]] double recall() const { return ratio(hits, support); }
    [[nodiscard]] double f1() const { return ratio(2 * hits, predicted + support); }
  };

  [[nodiscard]] const Counts& of(Index k) const { return counts_[static_cast<std::size_t>(k)]; }

  [[nodiscard]] NN_COLD double over_classes(Average average, double (*value)(const Counts&)) const {
    if (average == Average::micro) return accuracy();
    double sum = 0;
    double weights = 0;
    for (const Counts& counts : counts_) {
      const double weight = average == Average::macro ? 1.0 : static_cast<double>(counts.support);
      sum += weight * value(counts);
      weights += weight;
    }
    return weights == 0 ? 0.0 : sum / weights;
  }

  const char* where_;
  std::vector<Counts> counts_;  // one for each class
};

}  // namespace nn
