// SPDX-License-Identifier: MIT
// Mean squared distance from the targets: a loss and a metric.
#pragma once

#include <string>
#include <vector>

#include "nn/data/target_kind.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/scoring/row_loss.hpp"
#include "nn/scoring/row_mean.hpp"

namespace nn {

struct MeanSquaredErrorOptions {
  Reduction reduction = Reduction::sum_over_batch_size;  ///< of the losses of a batch's rows
};

/// Mean over a row of (y - t)^2, with y the result and t the target (Keras: MeanSquaredError). As a
/// metric it is the mean over all rows, whatever the reduction.
///     loss = (1/K) sum_k (y_k - t_k)^2              dy_k = (2/K) (y_k - t_k)
/// Targets   values, shaped like the result
/// Shapes    y, t, dy [K]
class MeanSquaredError {
 public:
  static constexpr TargetKind targets = TargetKind::values;
  static constexpr bool more_is_better = false;

  explicit MeanSquaredError(const MeanSquaredErrorOptions& options = {}) : options_(options) {}

  [[nodiscard]] static std::string name() { return "mean_squared_error"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}.set("reduction", to_string(options_.reduction));
  }
  [[nodiscard]] NN_COLD static MeanSquaredError from_arguments(const Arguments& arguments) {
    return MeanSquaredError{{.reduction = arguments.one_of("reduction", detail::reductions)}};
  }

  // As a loss:
  [[nodiscard]] Reduction reduction() const { return options_.reduction; }
  template <Real T>
  T operator()(const ScoredRow<T>& row, T factor, T* gradient) const {
    const T share = T(1) / static_cast<T>(row.classes);
    T sum(0);
    for (Index k = 0; k < row.classes; ++k) {
      const T error = row.scores[k] - row.values[k];
      sum += error * error;
      if (gradient != nullptr) gradient[k] = T(2) * factor * share * error;
    }
    return sum * share;
  }

  // As a metric:
  void reset() { mean_.reset(); }
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    require_values("mean_squared_error", batch);
    mean_.add_losses(*this, batch);
  }
  [[nodiscard]] std::vector<double> state() const { return mean_.state(); }
  void set_state(const std::vector<double>& state) { mean_.set_state(state); }
  [[nodiscard]] double result() const { return mean_.result(); }

 private:
  MeanSquaredErrorOptions options_;
  RowMean mean_;
};

}  // namespace nn
