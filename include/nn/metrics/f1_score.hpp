// SPDX-License-Identifier: MIT
// F1 score on integer labels.
#pragma once

#include <string>
#include <vector>

#include "nn/layer/arguments.hpp"
#include "nn/metrics/class_counts.hpp"

namespace nn {

struct F1ScoreOptions {
  Average average = Average::macro;
};

/// 2 P R / (P + R), the harmonic mean of precision and recall of a class (van Rijsbergen 1979),
/// averaged over classes. 0 / 0 counts as 0.
class F1Score {
 public:
  static constexpr bool more_is_better = true;
  static constexpr bool ranks_scores = true;

  explicit F1Score(const F1ScoreOptions& options = {}) : options_(options) {}

  [[nodiscard]] static std::string name() { return "f1_score"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}.set("average", to_string(options_.average));
  }
  [[nodiscard]] NN_COLD static F1Score from_arguments(const Arguments& arguments) {
    return F1Score{{.average = arguments.one_of("average", detail::averages)}};
  }
  void reset() { counts_.resize(0); }
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    counts_.add(batch);
  }
  [[nodiscard]] std::vector<double> state() const { return counts_.state(); }
  void set_state(const std::vector<double>& state) { counts_.set_state(state); }
  void merge(const std::vector<double>& state) { counts_.merge(state); }
  [[nodiscard]] double result() const { return counts_.f1(options_.average); }

 private:
  F1ScoreOptions options_;
  ClassCounts counts_{"F1Score"};
};

}  // namespace nn
