// SPDX-License-Identifier: MIT
// Batches of samples with labels, in the memory of a pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "nn/model/sequential.hpp"

namespace nn::detail {

/// Samples and labels for one pass, and its memory.
template <Real T>
struct Batch {
  const T* x;              // [rows, ...]
  ScoredBatch<T> targets;  // the labels; `scores` is null until the model has computed them
  T* scores;               // [rows, classes], where inference writes them; null in training
  T* row_losses;           // [rows]
  Pass pass;

  [[nodiscard]] Index rows() const { return targets.rows; }
};

/// Whether the loss takes the logits, which the model's closing softmax gets, in place of its
/// result. Throws `std::invalid_argument` for a loss that expects logits and would get that result.
template <Real T>
[[nodiscard]] NN_COLD bool works_on_logits(const Network<T>& network,
                                           const LossInterface<T>& loss) {
  if (!network.plan().closes_with_softmax()) return false;
  if (loss.from_logits()) {
    refuse({.where = loss.name(),
            .expected = "logits",
            .got = "a model that ends with a softmax",
            .remedy = "leave out the softmax or from_logits"});
  }
  return loss.takes_over() == Activation::softmax;
}

/// Makes batches for passes through one model. The memory is reused: a batch lasts until the next.
template <Real T>
class BatchMaker {
 public:
  enum class Use { training, inference };

  /// `class_weights` multiply the losses of samples, by class; empty: all are 1.
  NN_COLD BatchMaker(const Network<T>& network, const Compiled<T>& compiled, Use use,
                     std::vector<T> class_weights = {})
      : network_(network),
        pass_{.training = use == Use::training,
              .seed = network.seed(),
              .accumulate = false,
              .precision = use == Use::training ? compiled.options.precision : ProductPrecision(),
              .as_logits = works_on_logits(network, *compiled.loss.get())},
        class_weights_(std::move(class_weights)) {}

  /// Samples rows[0 .. count - 1] with their labels; without `rows` (null) the first `count`.
  [[nodiscard, gnu::noinline]] Batch<T> make(const Samples& x, const LabelView& y,
                                             const Index* rows, Index count) {
    const Shape output = network_.output();
    const bool training = pass_.training;
    const Index x_bytes = padded_bytes<T>(count, network_.input().num_elements());
    const Index scores_bytes = training ? 0 : padded_bytes<T>(count, output.num_elements());
    const Index losses_bytes = padded_bytes<T>(count);
    const Index labels_bytes = padded_bytes<std::int32_t>(count);
    const Index weights_bytes = class_weights_.empty() ? 0 : losses_bytes;
    const Index plan_bytes = network_.workspace_bytes(count, training);
    std::byte* memory = workspace_.reserve(checked_sum(
        {x_bytes, scores_bytes, losses_bytes, labels_bytes, weights_bytes, plan_bytes}));
    const auto take = [&memory](Index bytes) { return std::exchange(memory, memory + bytes); };

    const T* samples = x.gather(rows, count, reinterpret_cast<T*>(take(x_bytes)));
    T* scores = reinterpret_cast<T*>(take(scores_bytes));
    T* row_losses = reinterpret_cast<T*>(take(losses_bytes));
    const std::int32_t* labels =
        y.gather(rows, count, reinterpret_cast<std::int32_t*>(take(labels_bytes)));
    const T* weights = weights_of(labels, count, reinterpret_cast<T*>(take(weights_bytes)));
    Pass pass = pass_;
    pass.memory = memory;
    pass.step = static_cast<std::uint64_t>(network_.block().step());
    return {.x = samples,
            .targets = {.rows = count,
                        .classes = output.back(),
                        .labels = labels,
                        .weights = weights,
                        .are_logits = pass.as_logits},
            .scores = training ? nullptr : scores,
            .row_losses = row_losses,
            .pass = pass};
  }

 private:
  /// The weight of each label's class in `buffer`, or null where all are 1.
  [[nodiscard]] const T* weights_of(const std::int32_t* labels, Index count, T* buffer) const {
    if (class_weights_.empty()) return nullptr;
    for (Index i = 0; i < count; ++i) {
      buffer[i] = class_weights_[static_cast<std::size_t>(labels[i])];
    }
    return buffer;
  }

  const Network<T>& network_;
  const Pass pass_;  // without memory and step, which differ with each batch
  const std::vector<T> class_weights_;
  Workspace workspace_;
};

}  // namespace nn::detail
