// SPDX-License-Identifier: MIT
// Updates of a model, one batch at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/layer/penalties.hpp"
#include "nn/training/batch.hpp"
#include "nn/training/divergence.hpp"
#include "nn/training/tally.hpp"

namespace nn::detail {

/// Trains a model, whose parameters must have gradients, on data that were checked.
template <Real T>
class Trainer {
 public:
  /// class_weights: see BatchMaker.
  NN_COLD Trainer(Network<T>& network, const Compiled<T>& compiled,
                  std::vector<T> class_weights = {})
      : network_(network),
        compiled_(compiled),
        batches_(network, compiled, BatchMaker<T>::Use::training, std::move(class_weights)),
        tally_(compiled) {}

  /// Forgets loss and metrics.
  void reset() { tally_.reset(); }
  /// Loss and metrics since `reset`; those of a batch are from before its update.
  [[nodiscard]] Scores results() const { return tally_.results(); }
  /// The first batch whose loss was not finite.
  [[nodiscard]] const std::optional<Divergence>& divergence() const { return divergence_; }

  void set_divergence(std::optional<Divergence> divergence) { divergence_ = std::move(divergence); }
  /// What loss and metrics are added up in.
  [[nodiscard]] Tally<T>& tally() { return tally_; }
  [[nodiscard]] const Tally<T>& tally() const { return tally_; }

  /// Loss, metrics and divergence, for a run to go on from.
  NN_COLD void describe(RunState& run) const {
    tally_.describe(run);
    run.divergence = divergence_;
  }
  /// Goes on from there. Between two epochs there is nothing to add up.
  NN_COLD void resume(const RunState& run) {
    if (run.batch > 0) tally_.resume(run);
    divergence_ = run.divergence;
  }

  /// One update. rows, first, count: see BatchMaker::make.
  void train(const DataSet& data, const Index* rows, Index first, Index count) {
    update(forward(data, rows, first, count));
  }

  /// The first half of an update, which leaves the model as it is: forward, loss and its gradient.
  [[nodiscard]] Batch<T> forward(const DataSet& data, const Index* rows, Index first, Index count) {
    Batch<T> batch = gather(data, rows, first, count);
    score(batch);
    return batch;
  }
  /// The batch alone.
  [[nodiscard]] Batch<T> gather(const DataSet& data, const Index* rows, Index first, Index count) {
    return batches_.make(data, rows, first, count);
  }
  /// Its forward pass.
  void score(Batch<T>& batch) {
    const MemoryLayout& layout = *batch.layout;
    const ScoredBatch<T>& first = batch.outputs[0].targets;
    const bool is_piece = first.batch_rows >= 0;
    activity_ = {.samples = is_piece ? first.batch_rows / (first.rows / batch.count) : batch.count};
    batch.pass.penalty = &activity_;
    network_.forward(batch.x, batch.pass, layout, {});
    double loss = 0;
    for (std::size_t o = 0; o < batch.outputs.size(); ++o) {
      ScoredBatch<T>& targets = batch.outputs[o].targets;
      targets.scores = network_.result(o, batch.x, batch.pass.memory, layout);
      T* const gradient = network_.result_gradient(o, batch.pass.memory, layout);
      loss += tally_.add(o, targets, batch.outputs[o].row_losses, gradient);
    }
    if (activity_.is_used || has_regularizers(network_.block())) {
      const double penalty = penalty_of(network_.block());
      const auto samples = static_cast<double>(activity_.samples);
      tally_.add_penalty(penalty * static_cast<double>(batch.count) + activity_.sum * samples,
                         batch.count);
      loss += penalty + activity_.sum;
    }
    if (!is_finite(loss) && !divergence_) divergence_ = find_divergence(batch);
  }

  /// The second half: backward, the optimizer's step, constraints, and layers' state. Penalties
  /// need whole gradients, so with them no rule is applied in backward.
  void update(const Batch<T>& batch) {
    const std::int64_t steps_before = network_.block().step();
    const bool is_penalized = has_regularizers(network_.block());
    std::optional<ParameterUpdate> rule;
    if (!is_penalized) rule = compiled_.optimizer->begin_step(network_.block());
    Pass pass = batch.pass;
    pass.update = rule ? &*rule : nullptr;
    network_.backward(batch.x, pass, *batch.layout, {});
    if (is_penalized) static_cast<void>(add_penalties(network_.block()));
    if (!rule) compiled_.optimizer->step(network_.block());
    apply_constraints(network_.block());
    network_.update_state(pass, *batch.layout);
    // An optimizer of the user's own may not count steps, but shuffling and dropout need the count.
    if (network_.block().step() == steps_before) network_.block().advance_step();
  }

 private:
  /// The first tensor of a batch, before its update, that is not finite.
  NN_COLD Divergence find_divergence(const Batch<T>& batch) const {
    Divergence found{network_.block().step(), "loss"};
    bool is_x_finite = true, is_y_finite = true;
    for (std::size_t i = 0; i < batch.x.size(); ++i) {
      const Index size = batch.count * network_.inputs()[i].num_elements();
      is_x_finite &= first_non_finite(batch.x[i], size) == size;
    }
    for (const auto& output : batch.outputs) {
      const T* const values = output.targets.values;  // null where the targets are class numbers
      const Index size = values == nullptr ? 0 : output.targets.rows * output.targets.classes;
      is_y_finite &= first_non_finite(values, size) == size;
    }
    const std::string weights = network_.block().first_non_finite();
    if (!is_x_finite) {
      found.tensor = "x";
    } else if (!is_y_finite) {
      found.tensor = "y";
    } else if (!weights.empty()) {
      found.tensor = weights.substr(0, weights.find('['));
    } else {
      const std::string result = network_.first_non_finite(batch.pass, *batch.layout);
      if (!result.empty()) found.tensor = result;
    }
    return found;
  }

  Network<T>& network_;
  const Compiled<T>& compiled_;
  BatchMaker<T> batches_;
  Tally<T> tally_;
  ActivityPenalty activity_;  // of the last batch
  std::optional<Divergence> divergence_;
};

}  // namespace nn::detail
