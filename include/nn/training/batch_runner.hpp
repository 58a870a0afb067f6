// SPDX-License-Identifier: MIT
// One batch through a compiled model: the step that training and evaluation repeat.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/core/finite.hpp"
#include "nn/model/model_access.hpp"
#include "nn/training/divergence.hpp"
#include "nn/training/scores.hpp"

namespace nn {
namespace detail {

/// Throws unless labels y fit samples x and each is a class that the model has a score for.
template <Real T>
NN_COLD void require_labels(const char* where, const Samples& x, const LabelView& y,
                            const Shape& output) {
  if (x.count() != y.count()) {
    refuse<ShapeError>(
        {where, "as many labels as samples", {y.count(), " labels"}, {x.count(), " samples"}});
  }
  if (output.rank() != 1) {
    refuse<ShapeError>({where,
                        "a model that gives one row of class scores for a sample",
                        {"output of shape ", output.to_string()},
                        "",
                        "add nn::Flatten before the last nn::Dense"});
  }
  for (Index i = 0; i < y.count(); ++i) {
    const std::int32_t label = y.data()[i];
    if (label >= 0 && label < output.back()) continue;
    refuse({where,
            {"labels from 0 to ", output.back() - 1},
            label,
            {"label of sample ", i},
            "the last layer needs a unit for each class"});
  }
}

/// Batches through a model, with the memory they need. Metrics are the runner's own copies, so that
/// evaluation leaves the model untouched.
template <Real T>
class BatchRunner {
 public:
  NN_COLD BatchRunner(const Network<T>& network, const Compiled<T>& compiled)
      : network_(network),
        compiled_(compiled),
        metrics_(compiled.metrics),
        metric_names_(compiled.metric_names),
        as_logits_(network.plan.closes_with_softmax() &&
                   compiled.loss->takes_over() == Activation::softmax) {
    if (!compiled.loss->from_logits() || !network.plan.closes_with_softmax()) return;
    refuse({compiled.loss->name(), "logits", "a model that ends with a softmax", "",
            "leave out the softmax or from_logits"});
  }

  /// Multiplies the losses of training samples by a weight for each class.
  void weigh_classes(std::vector<T> weights) { class_weights_ = std::move(weights); }

  /// Starts a new mean of the loss and of each metric.
  void reset() {
    loss_sum_ = 0;
    num_samples_ = 0;
    for (Metric& metric : metrics_) metric.reset();
  }

  /// One update. `network` is the one this runner was made for. rows: see Samples::gather.
  void train(Network<T>& network, const Samples& x, const LabelView& y, const Index* rows,
             Index count) {
    update(network, train_forward(x, y, rows, count), count);
  }
  /// Its first half, which changes nothing but this runner: a training pass forward.
  [[nodiscard]] Pass train_forward(const Samples& x, const LabelView& y, const Index* rows,
                                   Index count) {
    const Pass pass = prepare(x, y, rows, count, true);
    const T* scores = network_.plan.forward(network_.layers, x_, count, pass, nullptr);
    T* gradient = network_.plan.result_gradient(network_.layers, count, pass.memory);
    const double loss = account(scores, count, gradient);
    if (!is_finite(loss) && !divergence_) divergence_ = find_divergence(count, pass);
    return pass;
  }
  /// Its second half: backward and the optimizer's step.
  void update(Network<T>& network, Pass pass, Index count) {
    NN_ASSERT(&network == &network_);
    const std::int64_t steps_before = network.block.step();
    const auto update = compiled_.optimizer->begin_step(network.block);
    pass.update = update ? &*update : nullptr;
    network_.plan.backward(network_.layers, x_, count, pass, nullptr);
    if (!update) compiled_.optimizer->step(network.block);
    // Shuffling and dropout count on it, also where an optimizer of the user's own has no use for
    // it.
    if (network.block.step() == steps_before) network.block.advance_step();
  }

  /// One batch of an evaluation; `batch_number` as in `Pass`.
  void test(const Samples& x, const LabelView& y, Index count, Index batch_number = -1) {
    Pass pass = prepare(x, y, nullptr, count, false);
    pass.batch_number = batch_number;
    const T* scores = network_.plan.forward(network_.layers, x_, count, pass, scores_);
    account(scores, count, nullptr);
  }

  /// Mean loss over all samples since `reset`, and the metrics over them.
  [[nodiscard]] NN_COLD Scores scores(std::string_view prefix = "") const {
    Scores scores;
    scores.set(concat({prefix, "loss"}),
               loss_sum_ / static_cast<double>(std::max<Index>(num_samples_, 1)));
    for (std::size_t i = 0; i < metrics_.size(); ++i)
      scores.set(concat({prefix, metric_names_[i]}), metrics_[i].result());
    return scores;
  }

  /// The first training batch whose loss was not finite.
  [[nodiscard]] const std::optional<Divergence>& divergence() const { return divergence_; }

 private:
  /// Lays out the workspace, gathers samples and labels, and describes the pass.
  [[gnu::noinline]] Pass prepare(const Samples& x, const LabelView& y, const Index* rows,
                                 Index count, bool training) {
    const Index x_bytes = padded_bytes<T>(count, network_.input.num_elements());
    const Index scores_bytes = padded_bytes<T>(count, network_.output().num_elements());
    const Index losses_bytes = padded_bytes<T>(count);
    const Index labels_bytes = padded_bytes<std::int32_t>(count);
    const bool is_weighted = training && !class_weights_.empty();
    const Index weights_bytes = is_weighted ? losses_bytes : 0;
    const Index plan_bytes = network_.plan.workspace_bytes(network_.layers, count, training);
    std::byte* memory = workspace_.reserve(checked_sum(
        {x_bytes, scores_bytes, losses_bytes, labels_bytes, weights_bytes, plan_bytes}));
    x_ = x.gather(rows, count, reinterpret_cast<T*>(memory));
    scores_ = reinterpret_cast<T*>(memory += x_bytes);
    row_losses_ = reinterpret_cast<T*>(memory += scores_bytes);
    labels_ = reinterpret_cast<std::int32_t*>(memory += losses_bytes);
    for (Index i = 0; i < count; ++i) labels_[i] = y.data()[rows == nullptr ? i : rows[i]];
    weights_ = is_weighted ? reinterpret_cast<T*>(memory + labels_bytes) : nullptr;
    for (Index i = 0; i < count && is_weighted; ++i) {
      weights_[i] = class_weights_[static_cast<std::size_t>(labels_[i])];
    }
    return {.training = training,
            .memory = memory + labels_bytes + weights_bytes,
            .seed = network_.seed,
            .step = static_cast<std::uint64_t>(network_.block.step()),
            .accumulate = false,
            .precision = training ? compiled_.options.precision : ProductPrecision(),
            .as_logits = as_logits_};
  }

  /// The first tensor of a training batch, before its update, that is not finite.
  NN_COLD Divergence find_divergence(Index count, const Pass& pass) const {
    Divergence found{network_.block.step(), "loss"};
    const Index x_size = count * network_.input.num_elements();
    const std::string weights = network_.block.first_non_finite();
    if (first_non_finite(x_, x_size) < x_size) {
      found.tensor = "x";
    } else if (!weights.empty()) {
      found.tensor = weights.substr(0, weights.find('['));
    } else {
      const std::size_t i = network_.plan.first_non_finite(network_.layers, count, pass);
      if (i < network_.layers.size()) found.tensor = network_.scope_of(i) + "y";
    }
    return found;
  }

  /// Returns the loss of this batch.
  [[gnu::noinline]] double account(const T* scores, Index count, T* gradient) {
    const ScoredBatch<T> batch{.rows = count,
                               .classes = network_.output().back(),
                               .scores = scores,
                               .labels = labels_,
                               .weights = weights_,
                               .are_logits = as_logits_};
    const double loss = compiled_.loss->compute(batch, row_losses_, gradient);
    loss_sum_ += loss * static_cast<double>(count);
    num_samples_ += count;
    for (Metric& metric : metrics_) metric.update(batch);
    return loss;
  }

  const Network<T>& network_;
  const Compiled<T>& compiled_;
  std::vector<Metric> metrics_;
  std::vector<std::string> metric_names_;
  std::vector<T> class_weights_;  // empty: all 1
  bool as_logits_;
  double loss_sum_ = 0;
  Index num_samples_ = 0;
  std::optional<Divergence> divergence_;
  Workspace workspace_;
  const T* x_ = nullptr;            // [count, ...]
  T* scores_ = nullptr;             // [count, classes]
  T* row_losses_ = nullptr;         // [count]
  std::int32_t* labels_ = nullptr;  // [count]
  T* weights_ = nullptr;            // [count], or null: all 1
};

}  // namespace detail
}  // namespace nn
