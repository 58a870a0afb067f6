// SPDX-License-Identifier: MIT
// Mean distance from the targets: a loss and a metric.
#pragma once

#include <string>
#include <vector>

#include "nn/data/target_kind.hpp"
#include "nn/layer/arguments.hpp"
#include "nn/scoring/row_loss.hpp"
#include "nn/scoring/row_mean.hpp"

namespace nn {

struct MeanAbsoluteErrorOptions {
  Reduction reduction = Reduction::sum_over_batch_size;  ///< of the losses of a batch's rows
};

/// Mean over a row of |y - t|, with y the result and t the target (Keras: MeanAbsoluteError). As a
/// metric it is the mean over all rows, whatever the reduction.
///     loss = (1/K) sum_k |y_k - t_k|                dy_k = (1/K) sign(y_k - t_k),   0 where equal
/// Targets   values, shaped like the result
/// Shapes    y, t, dy [K]
class MeanAbsoluteError {
 public:
  static constexpr TargetKind targets = TargetKind::values;
  static constexpr bool more_is_better = false;

  explicit MeanAbsoluteError(const MeanAbsoluteErrorOptions& options = {}) : options_(options) {}

  [[nodiscard]] static std::string name() { return "mean_absolute_error"; }
  [[nodiscard]] NN_COLD Arguments arguments() const {
    return Arguments{name()}.set("reduction", to_string(options_.reduction));
  }
  [[nodiscard]] NN_COLD static MeanAbsoluteError from_arguments(const Arguments& arguments) {
    return MeanAbsoluteError{{.reduction = arguments.one_of("reduction", detail::reductions)}};
  }

  // As a loss:
  [[nodiscard]] Reduction reduction() const { return options_.reduction; }
  template <Real T>
  T operator()(const ScoredRow<T>& row, T factor, T* gradient) const {
    const T share = T(1) / static_cast<T>(row.classes);
    T sum(0);
    for (Index k = 0; k < row.classes; ++k) {
      const T error = row.scores[k] - row.values[k];
      sum += error < T(0) ? -error : error;
      if (gradient != nullptr) gradient[k] = factor * share * sign(error);
    }
    return sum * share;
  }

  // As a metric:
  void reset() { mean_.reset(); }
  template <Real T>
  void update(const ScoredBatch<T>& batch) {
    require_values("mean_absolute_error", batch);
    mean_.add_losses(*this, batch);
  }
  [[nodiscard]] std::vector<double> state() const { return mean_.state(); }
  void set_state(const std::vector<double>& state) { mean_.set_state(state); }
  [[nodiscard]] double result() const { return mean_.result(); }

 private:
  template <Real T>
  [[nodiscard]] static T sign(T x) {
    return x > T(0) ? T(1) : x < T(0) ? T(-1) : T(0);
  }

  MeanAbsoluteErrorOptions options_;
  RowMean mean_;
};

}  // namespace nn
