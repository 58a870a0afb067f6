// SPDX-License-Identifier: MIT
// The root of the mean squared distance from the targets.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "nn/layer/arguments.hpp"
#include "nn/scoring/row_mean.hpp"

namespace nn {

/// Root of the mean of (y - t)^2 over all rows and their numbers, with y the result and t the
/// target (Keras: RootMeanSquaredError): a distance in the unit of the targets.
class RootMeanSquaredError {
 public:
  static constexpr bool more_is_better = false;

  [[nodiscard]] static std::string name() { return "root_mean_squared_error"; }
  [[nodiscard]] NN_COLD Arguments arguments() const { return Arguments{name()}; }
  [[nodiscard]] NN_COLD static RootMeanSquaredError from_arguments(const Arguments&) { return {}; }
  void reset() { mean_.reset(); }
  /// Throws `std::invalid_argument` for class numbers as targets.
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    require_values("root_mean_squared_error", batch);
    mean_.add(batch, [](const ScoredRow<T>& row) {
      double sum = 0;
      for (Index k = 0; k < row.classes; ++k) {
        const double error =
            static_cast<double>(row.scores[k]) - static_cast<double>(row.values[k]);
        sum += error * error;
      }
      return sum / static_cast<double>(row.classes);
    });
  }
  [[nodiscard]] std::vector<double> state() const { return mean_.state(); }
  void set_state(const std::vector<double>& state) { mean_.set_state(state); }
  void merge(const std::vector<double>& state) { mean_.merge(state); }
  [[nodiscard]] double result() const { return std::sqrt(mean_.result()); }

 private:
  RowMean mean_;
};

}  // namespace nn
