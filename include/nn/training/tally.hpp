// SPDX-License-Identifier: MIT
// The loss and the metrics over a run of batches.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "nn/kernels/rows/activation.hpp"
#include "nn/model/compiled.hpp"
#include "nn/training/run_state.hpp"
#include "nn/training/scores.hpp"

namespace nn::detail {

/// Adds up losses and metrics, batch by batch. The metrics are copies, so that evaluation leaves
/// the model untouched.
template <Real T>
class Tally {
 public:
  NN_COLD explicit Tally(const Compiled<T>& compiled)
      : compiled_(compiled), metrics_(compiled.metrics) {}

  /// Forgets all batches.
  void reset() {
    loss_sum_ = 0;
    num_rows_ = 0;
    for (Metric& metric : metrics_) metric.reset();
  }

  /// Counts a batch and returns its loss. Writes the loss of each row and, unless it is null, the
  /// gradient with respect to the scores [rows, classes].
  double add(const ScoredBatch<T>& batch, T* row_losses, T* gradient) {
    const double loss = compiled_.loss->compute(batch, row_losses, gradient);
    loss_sum_ += loss * static_cast<double>(batch.rows);
    num_rows_ += batch.rows;
    if (!metrics_.empty()) update_metrics(batch);
    return loss;
  }

  /// What has been added up, for a run to go on from: without `metrics` where one can't say.
  NN_COLD void describe(RunState& run) const {
    run.loss_sum = loss_sum_;
    run.num_rows = num_rows_;
    for (const Metric& metric : metrics_) {
      std::optional<std::vector<double>> state = metric.state();
      if (!state) {
        run.metric_without_state = metric.name();
        run.metrics.clear();
        return;
      }
      run.metrics.push_back(std::move(*state));
    }
  }
  /// Goes on from there. Throws `std::invalid_argument` for states of other metrics.
  NN_COLD void resume(const RunState& run) {
    demand(run.metrics.size() == metrics_.size(), "RunState", "a state of each metric",
           run.metrics.size());
    for (std::size_t i = 0; i < metrics_.size(); ++i) metrics_[i].set_state(run.metrics[i]);
    loss_sum_ = run.loss_sum;
    num_rows_ = run.num_rows;
  }

  /// Mean loss over all rows since `reset`, and the metrics over them.
  [[nodiscard]] NN_COLD Scores results() const {
    Scores results;
    results.set("loss", loss_sum_ / static_cast<double>(std::max<Index>(num_rows_, 1)));
    for (std::size_t i = 0; i < metrics_.size(); ++i) {
      results.set(compiled_.metric_names[i], metrics_[i].result());
    }
    return results;
  }

 private:
  /// Metrics see what the model gives. Those that rank scores are spared a softmax.
  void update_metrics(const ScoredBatch<T>& batch) {
    const bool has_ranks = batch.classes > 1 && compiled_.loss->takes_over() == Activation::softmax;
    ScoredBatch<T> closed = batch;
    for (Metric& metric : metrics_) {
      const bool takes_logits = has_ranks && metric.ranks_scores();
      if (closed.are_logits && !takes_logits) close(closed);
      metric.update(takes_logits ? batch : closed);
    }
  }

  /// Applies the closing activation that the loss has taken over.
  NN_COLD void close(ScoredBatch<T>& batch) {
    closed_scores_.resize(static_cast<std::size_t>(batch.rows * batch.classes));
    kernels::activate_rows(compiled_.loss->takes_over(), batch.rows, batch.classes, batch.scores,
                           closed_scores_.data());
    batch.scores = closed_scores_.data();
    batch.are_logits = false;
  }

  const Compiled<T>& compiled_;
  std::vector<Metric> metrics_;
  std::vector<T> closed_scores_;  // [rows, classes] of one batch
  double loss_sum_ = 0;
  Index num_rows_ = 0;
};

}  // namespace nn::detail
