// SPDX-License-Identifier: MIT
// Metrics that follow from how often each class is true, predicted, and both.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/layer/arguments.hpp"
#include "nn/metrics/class_counts.hpp"

namespace nn {

/// Options of Precision and Recall.
struct CountMetricOptions {
  /// How classes become one number; nothing: macro for class numbers, micro for values.
  std::optional<Average> average{};
  std::optional<double> threshold{};  ///< of scores, for values; nothing: 0.5, or top_k alone
  Index top_k = 0;  ///< for values; above 0: only so many scores of a row predict their class
  std::optional<Index> class_id{};  ///< of this class alone
};

/// A ratio of counts of classes, of one class or of all. Models hold all of them as this class, so
/// that what they share is compiled once (`HeldAs`).
class CountMetric {
 public:
  static constexpr bool is_held_described = true;  // what is held as this can be read from a file

  /// One of them.
  struct Kind {
    const char* name;
    const char* where;        // in errors: its class
    bool takes_values;        // as targets, not class numbers alone
    bool pools_values;        // micro is the average of values unless another is asked for
    bool decides_by_highest;  // of values, unless there is a threshold, else by 0.5
    double (*of_all)(const ClassCounts& counts, Average average);
    double (*of_class)(const ClassCounts& counts, Index k);
  };

  NN_COLD CountMetric(const Kind& kind, const CountMetricOptions& options)
      : kind_(&kind), options_(options), counts_(kind.where) {
    demand(options.top_k >= 0, kind.where, "a top_k of 0 or more", options.top_k);
    const Index class_id = options.class_id.value_or(0);
    demand(class_id >= 0, kind.where, "a class_id of 0 or more", class_id);
  }

  [[nodiscard]] std::string name() const { return kind_->name; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    if (options_.average) arguments.set("average", to_string(*options_.average));
    if (options_.threshold) arguments.set("threshold", *options_.threshold);
    if (options_.top_k > 0) arguments.set("top_k", options_.top_k);
    if (options_.class_id) arguments.set("class_id", *options_.class_id);
    return arguments;
  }
  [[nodiscard]] static bool improves_upwards() { return true; }
  [[nodiscard]] static bool ranks_scores_of(bool are_classes) { return are_classes; }

  void reset() {
    counts_.resize(0);
    has_values_ = false;
  }
  /// Throws `std::invalid_argument` for targets of a kind that it does not take, also for those
  /// options, and for a class_id that there is no score for.
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    if (!kind_->takes_values) require_labels(kind_->where, batch);
    has_values_ = batch.values != nullptr;
    if (!has_values_ && (options_.threshold || options_.top_k > 0)) {
      require_values(kind_->where, batch);  // what these options are for
    }
    const Index class_id = options_.class_id.value_or(0);
    demand(class_id < batch.classes, kind_->where, "a class_id below the number of classes",
           class_id);
    ClassDecision decision{.threshold = options_.threshold, .top_k = options_.top_k};
    if (!kind_->decides_by_highest && options_.top_k == 0 && !decision.threshold) {
      decision.threshold = 0.5;
    }
    counts_.add(batch, decision);
  }
  [[nodiscard]] NN_COLD std::vector<double> state() const {
    std::vector<double> state = counts_.state();
    state.push_back(has_values_ ? 1 : 0);
    return state;
  }
  NN_COLD void set_state(const std::vector<double>& state) {
    counts_.set_state(counts_in(state));
    has_values_ = state.back() != 0;
  }
  NN_COLD void merge(const std::vector<double>& state) {
    counts_.merge(counts_in(state));
    has_values_ = has_values_ || state.back() != 0;
  }
  [[nodiscard]] double result() const {
    if (options_.class_id) {
      return counts_.classes() == 0 ? 0 : kind_->of_class(counts_, *options_.class_id);
    }
    const bool is_pooled = has_values_ && kind_->pools_values;
    return kind_->of_all(counts_,
                         options_.average.value_or(is_pooled ? Average::micro : Average::macro));
  }

 private:
  /// A state without the number at its end.
  [[nodiscard]] NN_COLD std::vector<double> counts_in(const std::vector<double>& state) const {
    demand(state.size() % 3 == 1, kind_->where, "a state of 3 numbers for each class and 1",
           state.size());
    return {state.begin(), state.end() - 1};
  }

  const Kind* kind_;
  CountMetricOptions options_;
  ClassCounts counts_;
  bool has_values_ = false;
};

namespace detail {

template <class V>
[[nodiscard]] NN_COLD std::optional<V> optional_argument(const Arguments& arguments,
                                                         std::string_view name) {
  if (arguments.has(name)) return arguments.get<V>(name);
  return std::nullopt;
}

/// Of Precision and Recall. (Keras calls the threshold `thresholds`.)
[[nodiscard]] NN_COLD inline CountMetricOptions count_metric_options(const Arguments& arguments) {
  CountMetricOptions options{.threshold = optional_argument<double>(arguments, "threshold"),
                             .top_k = optional_argument<Index>(arguments, "top_k").value_or(0),
                             .class_id = optional_argument<Index>(arguments, "class_id")};
  if (arguments.has("thresholds")) options.threshold = arguments.get<double>("thresholds");
  if (arguments.has("average")) options.average = arguments.one_of("average", averages);
  return options;
}

}  // namespace detail
}  // namespace nn
