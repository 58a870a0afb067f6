// SPDX-License-Identifier: MIT
// The loss and the metrics over a run of batches.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "nn/kernels/elementwise/elementwise.hpp"
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
  NN_COLD explicit Tally(const Compiled<T>& compiled) : compiled_(compiled) {
    for (const Objective<T>& objective : compiled.objectives) sums_.push_back({objective.metrics});
  }

  /// Forgets all batches.
  void reset() {
    fixed_penalty_ = 0;
    penalty_sum_ = 0;
    penalty_samples_ = 0;
    for (Sum& sum : sums_) {
      sum.loss = 0;
      sum.num_rows = 0;
      for (Metric& metric : sum.metrics) metric.reset();
    }
  }

  /// Counts a batch of output `o` and returns its weighted loss. Writes the loss of each row and,
  /// unless it is null, the gradient of the weighted loss with respect to the scores
  /// [rows, classes].
  double add(std::size_t o, const ScoredBatch<T>& batch, T* row_losses, T* gradient) {
    const Objective<T>& objective = compiled_.objectives[o];
    Sum& sum = sums_[o];
    const double loss = objective.loss->compute(batch, row_losses, gradient);
    const Index batch_rows = batch.batch_rows < 0 ? batch.rows : batch.batch_rows;
    sum.loss += loss * static_cast<double>(batch_rows);
    sum.num_rows += batch.rows;
    if (gradient != nullptr && objective.weight != 1) {
      kernels::scale_shift(batch.rows * batch.classes, gradient, static_cast<T>(objective.weight),
                           T(0), gradient);
    }
    if (!sum.metrics.empty()) update_metrics(*objective.loss, batch, sum.metrics);
    return objective.weight * loss;
  }

  /// Counts a penalty times the samples of its batch, beside so many samples.
  NN_COLD void add_penalty(double penalty_times_samples, Index samples) {
    penalty_sum_ += penalty_times_samples;
    penalty_samples_ += samples;
  }
  /// A penalty that all batches have.
  NN_COLD void set_fixed_penalty(double penalty) { fixed_penalty_ = penalty; }

  /// All that has been added up as numbers, for the tally of another process. Metrics must have
  /// their state.
  [[nodiscard]] NN_COLD std::vector<double> packed() const {
    std::vector<double> numbers{penalty_sum_, static_cast<double>(penalty_samples_)};
    for (const Sum& sum : sums_) {
      numbers.push_back(sum.loss);
      numbers.push_back(static_cast<double>(sum.num_rows));
      for (const Metric& metric : sum.metrics) {
        const std::vector<double> state = metric.state().value_or(std::vector<double>{});
        numbers.push_back(static_cast<double>(state.size()));
        numbers.insert(numbers.end(), state.begin(), state.end());
      }
    }
    return numbers;
  }
  /// Adds what another tally of the same model has packed, from `next` on, which moves behind it.
  NN_COLD void merge(const double*& next) {
    penalty_sum_ += *next++;
    penalty_samples_ += static_cast<Index>(*next++);
    for (Sum& sum : sums_) {
      sum.loss += *next++;
      sum.num_rows += static_cast<Index>(*next++);
      for (Metric& metric : sum.metrics) {
        const auto size = static_cast<std::ptrdiff_t>(*next++);
        metric.merge(std::vector<double>(next, next + size));
        next += size;
      }
    }
  }
  /// The sum of losses of output `o`, times their rows, which becomes 0; and that put back.
  [[nodiscard]] double take_loss(std::size_t o) { return std::exchange(sums_[o].loss, 0); }
  void add_loss(std::size_t o, double loss) { sums_[o].loss += loss; }
  /// The same of penalties.
  [[nodiscard]] double take_penalty() { return std::exchange(penalty_sum_, 0); }

  /// What has been added up, for a run to go on from: without `metrics` where one can't say.
  NN_COLD void describe(RunState& run) const {
    for (const Sum& sum : sums_) {
      run.loss_sums.push_back(sum.loss);
      run.num_rows.push_back(sum.num_rows);
    }
    if (penalty_samples_ > 0) {
      run.loss_sums.push_back(penalty_sum_);
      run.num_rows.push_back(penalty_samples_);
    }
    for (const Sum& sum : sums_) {
      for (const Metric& metric : sum.metrics) {
        std::optional<std::vector<double>> state = metric.state();
        if (!state) {
          run.metric_without_state = metric.name();
          run.metrics.clear();
          return;
        }
        run.metrics.push_back(std::move(*state));
      }
    }
  }
  /// Goes on from there. Throws `std::invalid_argument` for states of other metrics.
  NN_COLD void resume(const RunState& run) {
    std::size_t num_metrics = 0;
    for (const Sum& sum : sums_) num_metrics += sum.metrics.size();
    demand(run.metrics.size() == num_metrics, "RunState", "a state of each metric",
           run.metrics.size());
    const std::size_t count = std::min(run.loss_sums.size(), run.num_rows.size());
    const bool has_penalty = count == sums_.size() + 1;
    demand(run.loss_sums.size() == run.num_rows.size() && (has_penalty || count == sums_.size()),
           "RunState", "a loss and a number of rows for each output", count);
    penalty_sum_ = has_penalty ? run.loss_sums.back() : 0;
    penalty_samples_ = has_penalty ? run.num_rows.back() : 0;
    auto state = run.metrics.begin();
    for (std::size_t o = 0; o < sums_.size(); ++o) {
      for (Metric& metric : sums_[o].metrics) metric.set_state(*state++);
      sums_[o].loss = run.loss_sums[o];
      sums_[o].num_rows = run.num_rows[o];
    }
  }

  /// Mean loss over all rows since `reset`, with penalties, and the metrics over them. With several
  /// outputs, the weighted sum of their losses, then those one by one, without penalties.
  [[nodiscard]] NN_COLD Scores results() const {
    Scores results;
    double total = 0;
    std::vector<double> losses;
    for (std::size_t o = 0; o < sums_.size(); ++o) {
      losses.push_back(sums_[o].loss / static_cast<double>(std::max<Index>(sums_[o].num_rows, 1)));
      total += compiled_.objectives[o].weight * losses.back();
    }
    total += fixed_penalty_;
    if (penalty_samples_ > 0) total += penalty_sum_ / static_cast<double>(penalty_samples_);
    results.set("loss", total);
    for (std::size_t o = 0; o < sums_.size() && sums_.size() > 1; ++o) {
      results.set(compiled_.objectives[o].prefix() + "loss", losses[o]);
    }
    for (std::size_t o = 0; o < sums_.size(); ++o) {
      const Objective<T>& objective = compiled_.objectives[o];
      for (std::size_t i = 0; i < sums_[o].metrics.size(); ++i) {
        results.set(objective.prefix() + objective.metric_names[i], sums_[o].metrics[i].result());
      }
    }
    return results;
  }

 private:
  /// Of one output.
  struct Sum {
    std::vector<Metric> metrics;
    double loss = 0;
    Index num_rows = 0;
  };

  /// Metrics see what the model gives. Those that rank scores are spared a softmax.
  void update_metrics(const LossInterface<T>& loss, const ScoredBatch<T>& batch,
                      std::vector<Metric>& metrics) {
    const bool has_ranks = batch.classes > 1 && loss.takes_over() == Activation::softmax;
    ScoredBatch<T> closed = batch;
    for (Metric& metric : metrics) {
      const bool takes_logits = has_ranks && metric.ranks_scores(batch.labels != nullptr);
      if (closed.are_logits && !takes_logits) close(loss, closed);
      ScoredBatch<T> seen = takes_logits ? batch : closed;
      if (!metric.takes_weights()) {
        seen.weights = nullptr;
        seen.mask = nullptr;
      }
      metric.update(seen);
    }
  }

  /// Applies the closing activation that the loss has taken over.
  NN_COLD void close(const LossInterface<T>& loss, ScoredBatch<T>& batch) {
    closed_scores_.resize(static_cast<std::size_t>(batch.rows * batch.classes));
    kernels::activate_rows(loss.takes_over(), batch.rows, batch.classes, batch.scores,
                           closed_scores_.data());
    batch.scores = closed_scores_.data();
    batch.are_logits = false;
  }

  const Compiled<T>& compiled_;
  std::vector<Sum> sums_;  // of each output
  double fixed_penalty_ = 0;
  double penalty_sum_ = 0;  // times samples
  Index penalty_samples_ = 0;
  std::vector<T> closed_scores_;  // [rows, classes] of one batch
};

}  // namespace nn::detail
