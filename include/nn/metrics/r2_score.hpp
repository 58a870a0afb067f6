// SPDX-License-Identifier: MIT
// The share of the targets' variance that the model explains.
#pragma once

#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "nn/layer/arguments.hpp"
#include "nn/scoring/row_mean.hpp"

namespace nn {

/// How the scores of the numbers of a row become one: their mean, or their mean weighted by the
/// variance of each number's targets.
enum class ClassAggregation { uniform_average, variance_weighted_average };

[[nodiscard]] constexpr const char* to_string(ClassAggregation aggregation) {
  return aggregation == ClassAggregation::uniform_average ? "uniform_average"
                                                          : "variance_weighted_average";
}

namespace detail {
inline constexpr ClassAggregation class_aggregations[] = {
    ClassAggregation::uniform_average, ClassAggregation::variance_weighted_average};
}

struct R2ScoreOptions {
  ClassAggregation class_aggregation = ClassAggregation::uniform_average;
  std::optional<Index> class_id{};  ///< of this number of the rows alone
};

/// Coefficient of determination (Wright 1921; Keras: R2Score): for each number of a row
///     1 - sum (t - y)^2 / sum (t - mean(t))^2
/// with y the result and t the target, over all rows, each times its weight; 0 where the targets
/// are all equal. 1 is a perfect model, 0 one that always gives the mean, and worse ones are below.
class R2Score {
 public:
  static constexpr bool more_is_better = true;

  explicit R2Score(const R2ScoreOptions& options = {}) : options_(options) {
    const Index class_id = options.class_id.value_or(0);
    demand(class_id >= 0, "R2Score", "a class_id of 0 or more", class_id);
  }

  [[nodiscard]] static std::string name() { return "r2_score"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    Arguments arguments{name()};
    arguments.set("class_aggregation", to_string(options_.class_aggregation));
    if (options_.class_id) arguments.set("class_id", *options_.class_id);
    return arguments;
  }
  [[nodiscard]] NN_COLD static R2Score from_arguments(const Arguments& arguments) {
    R2ScoreOptions options{.class_aggregation =
                               arguments.one_of("class_aggregation", detail::class_aggregations)};
    if (arguments.has("class_id")) options.class_id = arguments.get<Index>("class_id");
    return R2Score{options};
  }
  void reset() {
    sums_.clear();
    weights_ = 0;
  }
  /// Throws `std::invalid_argument` for class numbers as targets, for rows of another size than
  /// before, and for a class_id beyond them.
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    require_values("r2_score", batch);
    if (sums_.empty()) sums_.resize(static_cast<std::size_t>(batch.classes));
    demand(batch.classes == std::ssize(sums_), "r2_score", "batches of equally long rows",
           batch.classes);
    const Index class_id = options_.class_id.value_or(0);
    demand(class_id < batch.classes, "r2_score", "a class_id below the numbers of a row", class_id);
    for (Index i = 0; i < batch.rows; ++i) {
      const ScoredRow<T> row = batch.row(i);
      const double weight = batch.weight(i);
      if (weight == 0) continue;
      weights_ += weight;
      for (std::size_t k = 0; k < sums_.size(); ++k) {
        sums_[k].add(static_cast<double>(row.values[k]), static_cast<double>(row.scores[k]), weight,
                     weights_);
      }
    }
  }
  [[nodiscard]] NN_COLD std::vector<double> state() const {
    std::vector<double> state{weights_};
    for (const Sums& sums : sums_) {
      for (const double number : {sums.mean, sums.variation, sums.squares}) {
        state.push_back(number);
      }
    }
    return state;
  }
  NN_COLD void set_state(const std::vector<double>& state) {
    demand(state.size() % 3 == 1, "r2_score", "a state of 1 number and 3 for each of a row",
           state.size());
    weights_ = state[0];
    sums_.assign(state.size() / 3, {});
    for (std::size_t k = 0; k < sums_.size(); ++k) {
      sums_[k] = {
          .mean = state[3 * k + 1], .variation = state[3 * k + 2], .squares = state[3 * k + 3]};
    }
  }
  /// Adds the rows of another one (Chan, Golub and LeVeque 1983).
  NN_COLD void merge(const std::vector<double>& state) {
    R2Score other;
    other.set_state(state);
    if (other.weights_ == 0) return;
    if (weights_ == 0) sums_.assign(other.sums_.size(), {});
    demand(other.sums_.size() == sums_.size(), "r2_score", "sums of equally long rows",
           other.sums_.size());
    const double mine = weights_, theirs = other.weights_;
    for (std::size_t k = 0; k < sums_.size(); ++k) {
      const double step = other.sums_[k].mean - sums_[k].mean;
      sums_[k].mean += step * (theirs / (mine + theirs));
      sums_[k].variation +=
          other.sums_[k].variation + step * step * (mine * theirs / (mine + theirs));
      sums_[k].squares += other.sums_[k].squares;
    }
    weights_ += other.weights_;
  }
  [[nodiscard]] double result() const {
    if (options_.class_id && !sums_.empty()) {
      return sums_[static_cast<std::size_t>(*options_.class_id)].score();
    }
    double sum = 0, weights = 0;
    for (const Sums& sums : sums_) {
      const bool is_uniform = options_.class_aggregation == ClassAggregation::uniform_average;
      const double weight = is_uniform ? 1.0 : sums.variation;
      sum += weight * sums.score();
      weights += weight;
    }
    return weights == 0 ? 0.0 : sum / weights;
  }

 private:
  /// Of one number of the rows, over all rows so far, each times its weight.
  struct Sums {
    double mean = 0;       // of t
    double variation = 0;  // sum (t - mean)^2, updated without cancellation (Welford 1962)
    double squares = 0;    // sum (t - y)^2

    /// weights: of all rows, this one among them (West 1979).
    void add(double t, double y, double weight, double weights) {
      const double step = t - mean;
      mean += weight * step / weights;
      variation += weight * step * (t - mean);
      squares += weight * (t - y) * (t - y);
    }
    [[nodiscard]] double score() const { return variation == 0 ? 0.0 : 1 - squares / variation; }
  };

  R2ScoreOptions options_;
  std::vector<Sums> sums_;
  double weights_ = 0;  // of all rows, 1 each where there are none
};

}  // namespace nn
