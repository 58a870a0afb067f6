// SPDX-License-Identifier: MIT
// Metrics that are the mean of a number over rows: all but that number.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "nn/layer/arguments.hpp"
#include "nn/scoring/row_mean.hpp"

namespace nn {

/// The mean over rows, each times its weight, of a number of each row. Models hold all of them as
/// this class, so that what they share is compiled once (`HeldAs`).
class RowMetric {
 public:
  static constexpr bool is_held_described = true;  // what is held as this can be read from a file

  /// One of them. The functions give the number of a row.
  struct Kind {
    const char* name;
    const char* parameter;  // the name of its number; null: it has none
    bool is_whole;          // that number is a whole one
    bool more_is_better, ranks_scores;
    bool takes_root;     // of the mean
    bool takes_classes;  // class numbers as targets too
    double (*of_floats)(const ScoredRow<float>& row, double parameter);
    double (*of_doubles)(const ScoredRow<double>& row, double parameter);
  };

  RowMetric(const Kind& kind, double parameter) : kind_(&kind), parameter_(parameter) {}

  [[nodiscard]] std::string name() const { return kind_->name; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    if (kind_->is_whole) {
      arguments.set(kind_->parameter, static_cast<Index>(parameter_));
    } else if (kind_->parameter != nullptr) {
      arguments.set(kind_->parameter, parameter_);
    }
    return arguments;
  }
  [[nodiscard]] bool improves_upwards() const { return kind_->more_is_better; }
  [[nodiscard]] bool ranks_scores_of(bool /*are_classes*/) const { return kind_->ranks_scores; }

  void reset() { mean_.reset(); }
  /// Throws `std::invalid_argument` for targets of a kind that it does not take.
  void update(const ScoredBatch<float>& batch) { add(batch, kind_->of_floats); }
  void update(const ScoredBatch<double>& batch) { add(batch, kind_->of_doubles); }
  [[nodiscard]] std::vector<double> state() const { return mean_.state(); }
  void set_state(const std::vector<double>& state) { mean_.set_state(state); }
  void merge(const std::vector<double>& state) { mean_.merge(state); }
  [[nodiscard]] double result() const {
    return kind_->takes_root ? std::sqrt(mean_.result()) : mean_.result();
  }

 private:
  template <Real T>
  void add(const ScoredBatch<T>& batch, double (*of_row)(const ScoredRow<T>&, double)) {
    if (!kind_->takes_classes) require_values(kind_->name, batch);
    mean_.add(batch, [&](const ScoredRow<T>& row) { return of_row(row, parameter_); });
  }

  const Kind* kind_;
  double parameter_;
  RowMean mean_;
};

/// What such a metric M derives from. M has `static constexpr const char* metric_name`, `static
/// constexpr bool more_is_better`, and
///     template <Real T> static double of_row(const ScoredRow<T>& row);
/// With `static constexpr const char* parameter_name` that gets a number, which M gives to the
/// constructor, as second argument. What else M may say: `ranks_scores`, `takes_root`,
/// `takes_classes`, `is_whole`, each as RowMetric::Kind has it.
template <class M>
class RowMetricOf : public RowMetric {
 public:
  using HeldFor = M;
  using HeldAs = RowMetric;

  RowMetricOf() : RowMetricOf(0) {}
  explicit RowMetricOf(double parameter) : RowMetric(kind, parameter) {}

  [[nodiscard]] static std::string name() { return M::metric_name; }
  [[nodiscard]] NN_COLD static M from_arguments(const Arguments&) { return M{}; }

 private:
  template <Real T>
  [[nodiscard]] static double number_of(const ScoredRow<T>& row, double parameter) {
    if constexpr (requires { M::parameter_name; }) {
      return M::of_row(row, parameter);
    } else {
      return M::of_row(row);
    }
  }
  [[nodiscard]] static constexpr const char* parameter_or_null() {
    if constexpr (requires { M::parameter_name; }) return M::parameter_name;
    return nullptr;
  }

  static constexpr bool is_whole_number = requires { requires M::is_whole; };
  static constexpr bool looks_at_ranks = requires { requires M::ranks_scores; };
  static constexpr bool is_root = requires { requires M::takes_root; };
  static constexpr bool allows_classes = requires { requires M::takes_classes; };
  static constexpr Kind kind{.name = M::metric_name,
                             .parameter = parameter_or_null(),
                             .is_whole = is_whole_number,
                             .more_is_better = M::more_is_better,
                             .ranks_scores = looks_at_ranks,
                             .takes_root = is_root,
                             .takes_classes = allows_classes,
                             .of_floats = &number_of<float>,
                             .of_doubles = &number_of<double>};
};

}  // namespace nn
