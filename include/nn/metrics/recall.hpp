// SPDX-License-Identifier: MIT
// Recall on integer labels.
#pragma once

#include <string>
#include <vector>

#include "nn/layer/arguments.hpp"
#include "nn/metrics/class_counts.hpp"

namespace nn {

struct RecallOptions {
  Average average = Average::macro;
};

/// Of the samples of a class, the share predicted as that class, averaged over classes. 0 / 0
/// counts as 0.
class Recall {
 public:
  static constexpr bool more_is_better = true;
  static constexpr bool ranks_scores = true;

  explicit Recall(const RecallOptions& options = {}) : options_(options) {}

  [[nodiscard]] static std::string name() { return "recall"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}.set("average", to_string(options_.average));
  }
  [[nodiscard]] NN_COLD static Recall from_arguments(const Arguments& arguments) {
    return Recall{{.average = arguments.one_of("average", detail::averages)}};
  }
  void reset() { counts_.resize(0); }
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    counts_.add(batch);
  }
  [[nodiscard]] std::vector<double> state() const { return counts_.state(); }
  void set_state(const std::vector<double>& state) { counts_.set_state(state); }
  void merge(const std::vector<double>& state) { counts_.merge(state); }
  [[nodiscard]] double result() const { return counts_.recall(options_.average); }

 private:
  RecallOptions options_;
  ClassCounts counts_{"Recall"};
};

}  // namespace nn
