// SPDX-License-Identifier: MIT
// Area under a curve of how well scores tell true from false.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <string>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/scoring/row_mean.hpp"

namespace nn {

/// Which curve: of recall over the share of false alarms (receiver operating characteristic), or of
/// precision over recall.
enum class AUCCurve { ROC, PR };
/// How its area is added up: by trapezoids, for PR as Davis and Goadrich (2006) interpolate; or by
/// the lower or the higher end of each step.
enum class AUCSummation { interpolation, minoring, majoring };

[[nodiscard]] constexpr const char* to_string(AUCCurve curve) {
  return curve == AUCCurve::ROC ? "ROC" : "PR";
}
[[nodiscard]] constexpr const char* to_string(AUCSummation method) {
  if (method == AUCSummation::interpolation) return "interpolation";
  return method == AUCSummation::minoring ? "minoring" : "majoring";
}

struct AUCOptions {
  Index num_thresholds = 200;  ///< at least 2; scores are compared with as many, evenly from 0 to 1
  AUCCurve curve = AUCCurve::ROC;
  AUCSummation summation_method = AUCSummation::interpolation;
  bool multi_label = false;  ///< a curve for each number of a row, and the mean of their areas
};

/// Area under the curve of scores from 0 to 1 against targets that are 0 or 1 (Keras: AUC), each
/// number of a row counting as much as the row weighs. 1: some threshold tells all true from all
/// false ones; 0.5 (ROC): scores say nothing. Where one of both kinds has not occurred, it is 0.
/// Throws    std::invalid_argument for fewer than 2 thresholds, for class numbers as targets, and,
///           with multi_label, for rows of another size than before
class AUC {
 public:
  static constexpr bool more_is_better = true;

  explicit AUC(const AUCOptions& options = {}) : options_(options) {
    demand(options.num_thresholds >= 2, "AUC", "2 thresholds or more", options.num_thresholds);
  }

  [[nodiscard]] static std::string name() { return "auc"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}
        .set("num_thresholds", options_.num_thresholds)
        .set("curve", to_string(options_.curve))
        .set("summation_method", to_string(options_.summation_method))
        .set("multi_label", options_.multi_label);
  }
  [[nodiscard]] NN_COLD static AUC from_arguments(const Arguments& arguments) {
    return AUC{{.num_thresholds = arguments.get<Index>("num_thresholds"),
                .curve = arguments.one_of("curve", {AUCCurve::ROC, AUCCurve::PR}),
                .summation_method = arguments.one_of(
                    "summation_method",
                    {AUCSummation::interpolation, AUCSummation::minoring, AUCSummation::majoring}),
                .multi_label = arguments.get<bool>("multi_label")}};
  }

  void reset() { weights_.clear(); }
  template <Real T>
  [[gnu::noinline]] void update(const ScoredBatch<T>& batch) {
    require_values("auc", batch);
    const Index curves = options_.multi_label ? batch.classes : 1;
    const auto size = static_cast<std::size_t>(curves * row_size());
    if (weights_.empty()) weights_.resize(size);
    demand(weights_.size() == size, "auc", "batches of equally long rows", batch.classes);
    for (Index i = 0; i < batch.rows; ++i) {
      const ScoredRow<T> row = batch.row(i);
      for (Index k = 0; k < row.classes; ++k) {
        add(options_.multi_label ? k : 0, static_cast<double>(row.scores[k]), row.values[k] != T(0),
            batch.weight(i));
      }
    }
  }
  [[nodiscard]] std::vector<double> state() const { return weights_; }
  NN_COLD void set_state(const std::vector<double>& state) {
    demand(std::ssize(state) % row_size() == 0, "AUC", "a state of numbers for each threshold",
           state.size());
    for (const double weight : state) demand(is_finite(weight), "AUC", "finite weights", weight);
    weights_ = state;
  }
  NN_COLD void merge(const std::vector<double>& state) {
    AUC other(options_);
    other.set_state(state);
    if (weights_.empty()) weights_.resize(other.weights_.size());
    demand(other.weights_.size() == weights_.size() || state.empty(), "AUC",
           "a state of equally many curves", state.size());
    for (std::size_t i = 0; i < state.size(); ++i) weights_[i] += state[i];
  }
  [[nodiscard]] NN_COLD double result() const {
    const Index curves = std::ssize(weights_) / row_size();
    double sum = 0;
    for (Index c = 0; c < curves; ++c) sum += area(weights_.data() + c * row_size());
    return curves == 0 ? 0 : sum / static_cast<double>(curves);
  }

 private:
  /// What the scores above a threshold are, and all of them.
  struct Point {
    double hits = 0, alarms = 0;  // of targets that are 1, and 0

    [[nodiscard]] double positives() const { return hits + alarms; }
  };

  NN_COLD void add(Index curve, double score, bool is_true, double weight) {
    const Index place = curve * row_size() + 2 * num_below(score) + (is_true ? 1 : 0);
    weights_[static_cast<std::size_t>(place)] += weight;
  }

  /// For each number of thresholds that may lie below a score, the weights of false and true ones.
  [[nodiscard]] Index row_size() const { return 2 * (options_.num_thresholds + 1); }

  /// How many thresholds lie below a score. The first one is below 0, the last one above 1, so that
  /// all scores are between them; the others are i / (num_thresholds - 1).
  [[nodiscard]] Index num_below(double score) const {
    const auto steps = static_cast<double>(options_.num_thresholds - 1);
    if (!(score > 0)) return score > -margin ? 1 : 0;
    if (!(score < 1)) return options_.num_thresholds - (score > 1 + margin ? 0 : 1);
    auto i = static_cast<Index>(std::ceil(score * steps));  // but for rounding
    while (i > 1 && static_cast<double>(i - 1) / steps >= score) --i;
    while (static_cast<double>(i) / steps < score) ++i;
    return std::min(i, options_.num_thresholds - 1);
  }

  [[nodiscard]] NN_COLD double area(const double* weights) const {
    std::vector<Point> points(static_cast<std::size_t>(options_.num_thresholds) + 1);
    Point sum;
    for (std::size_t i = points.size(); i-- > 0;) {  // points[i]: above i thresholds or more
      sum.alarms += weights[2 * i];
      sum.hits += weights[2 * i + 1];
      points[i] = sum;
    }
    double area = 0;
    for (std::size_t i = 1; i + 1 < points.size(); ++i) {
      area +=
          options_.curve == AUCCurve::PR && options_.summation_method == AUCSummation::interpolation
              ? precision_step(points[i], points[i + 1], sum)
              : step(points[i], points[i + 1], sum);
    }
    return area;
  }

  [[nodiscard]] static double ratio(double part, double whole) {
    return whole > 0 ? part / whole : 0;
  }
  /// Between two thresholds: `a` has more above it than `b`.
  [[nodiscard]] double step(const Point& a, const Point& b, const Point& all) const {
    const bool is_roc = options_.curve == AUCCurve::ROC;
    const auto x = [&](const Point& p) {
      return is_roc ? ratio(p.alarms, all.alarms) : ratio(p.hits, all.hits);
    };
    const auto y = [&](const Point& p) {
      return is_roc ? ratio(p.hits, all.hits) : ratio(p.hits, p.positives());
    };
    double height = (y(a) + y(b)) / 2;
    if (options_.summation_method == AUCSummation::minoring) height = std::min(y(a), y(b));
    if (options_.summation_method == AUCSummation::majoring) height = std::max(y(a), y(b));
    return (x(a) - x(b)) * height;
  }
  /// Hits grow with all that is above the threshold, and precision is their ratio.
  [[nodiscard]] static double precision_step(const Point& a, const Point& b, const Point& all) {
    const double slope = ratio(a.hits - b.hits, a.positives() - b.positives());
    const double intercept = b.hits - slope * b.positives();
    const bool has_both = a.positives() > 0 && b.positives() > 0;
    const double growth = has_both ? std::log(a.positives() / b.positives()) : 0;
    return ratio(slope * (a.hits - b.hits + intercept * growth), all.hits);
  }

  static constexpr double margin = 1e-7;

  AUCOptions options_;
  std::vector<double> weights_;  // [curves, num_thresholds + 1, 2]
};

}  // namespace nn
