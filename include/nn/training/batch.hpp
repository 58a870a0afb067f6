// SPDX-License-Identifier: MIT
// Batches of samples with targets, in the memory of a pass.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "nn/data/data_set.hpp"
#include "nn/model/model.hpp"
#include "nn/training/target_requirements.hpp"

namespace nn::detail {

/// Samples and targets for one pass, and its memory.
template <Real T>
struct Batch {
  Index count = 0;           // samples
  const T* x = nullptr;      // [count, ...]
  ScoredBatch<T> targets{};  // of all rows; `scores` is null until the model has computed them
  T* scores = nullptr;       // [rows, classes], where inference writes them; null in training
  T* row_losses = nullptr;   // [rows]
  Pass pass{};
  const MemoryLayout* layout = nullptr;  // of pass.memory
};

/// Whether the loss takes the logits, which the activation that closes the model gets, in place of
/// its result. Throws `std::invalid_argument` for a loss that expects logits and would get that
/// result.
template <Real T>
[[nodiscard]] NN_COLD bool works_on_logits(const Network<T>& network,
                                           const LossInterface<T>& loss) {
  const Activation closing = network.plan().closing_activation();
  if (loss.from_logits() && (closing == Activation::softmax || closing == Activation::sigmoid)) {
    refuse({loss.name(),
            "logits",
            {"a model that ends with a ", to_string(closing)},
            "",
            {"leave out the ", to_string(closing), " or from_logits"}});
  }
  return closing != Activation::linear && loss.takes_over() == closing;
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
              .precision = use == Use::training ? compiled.options.precision : ProductPrecision()},
        as_logits_(works_on_logits(network, *compiled.loss.get())),
        ignore_class_(compiled.loss->targets().ignore_class),
        class_weights_(std::move(class_weights)) {}

  /// Samples rows[0 .. count - 1] with what belongs to them; without `rows` (null) the first
  /// `count`.
  [[nodiscard, gnu::noinline]] Batch<T> make(const DataSet& data, const Index* rows, Index count) {
    const bool training = pass_.training;
    const bool are_classes = data.y.kind() == TargetKind::classes;
    const bool weighs = data.weights.is_given() || !class_weights_.empty();
    const Index row_size = detail::row_size(network_.output());
    const Index num_rows = checked_product({count, rows_per_sample(network_.output())});
    const Index x_bytes = padded_bytes<T>(count, network_.input().num_elements());
    const Index scores_bytes = padded_bytes<T>(num_rows, row_size);
    const Index rows_bytes = padded_bytes<T>(num_rows);
    const Index targets_bytes = are_classes ? padded_bytes<std::int32_t>(num_rows) : scores_bytes;
    const Index weights_bytes = weighs ? rows_bytes : 0;
    const MemoryLayout& layout = network_.layout(workspace_.layouts(), count, training, as_logits_);
    std::byte* memory =
        workspace_.reserve(checked_sum({x_bytes, training ? 0 : scores_bytes, rows_bytes,
                                        targets_bytes, weights_bytes, layout.num_bytes}));
    const auto take = [&memory](Index bytes) { return std::exchange(memory, memory + bytes); };

    Batch<T> batch;
    batch.count = count;
    batch.pass = pass_;
    batch.layout = &layout;
    batch.targets.rows = num_rows;
    batch.targets.classes = row_size;
    batch.targets.are_logits = as_logits_;
    batch.targets.ignore_class = ignore_class_;
    batch.x = data.x.gather(rows, count, reinterpret_cast<T*>(take(x_bytes)));
    batch.scores = training ? nullptr : reinterpret_cast<T*>(take(scores_bytes));
    batch.row_losses = reinterpret_cast<T*>(take(rows_bytes));
    std::byte* const targets = take(targets_bytes);
    if (are_classes) {
      batch.targets.labels =
          data.y.gather_classes(rows, count, reinterpret_cast<std::int32_t*>(targets));
    } else {
      batch.targets.values = data.y.gather_values(rows, count, reinterpret_cast<T*>(targets));
    }
    if (weighs) {
      T* weights = reinterpret_cast<T*>(take(weights_bytes));
      gather_weights(data.weights, rows, count, batch.targets, weights);
      batch.targets.weights = weights;
    }
    batch.pass.memory = memory;
    batch.pass.step = static_cast<std::uint64_t>(network_.block().step());
    return batch;
  }

 private:
  /// weights [rows] of a batch: those of its samples, repeated for their positions, times those of
  /// their classes.
  NN_COLD void gather_weights(const SampleWeights& given, const Index* rows, Index count,
                              const ScoredBatch<T>& targets, T* weights) const {
    std::fill_n(weights, targets.rows, T(1));
    if (given.is_given()) {
      const T* found = given.gather(rows, count, weights);
      const Index repeats = targets.rows / std::max<Index>(count * given.numbers_per_sample(), 1);
      for (Index i = targets.rows; i-- > 0;) weights[i] = found[i / repeats];  // may lie on them
    }
    if (class_weights_.empty()) return;
    for (Index i = 0; i < targets.rows; ++i) {
      const Index label = class_of(targets, i);
      if (label < 0 || label >= std::ssize(class_weights_)) continue;
      weights[i] *= class_weights_[static_cast<std::size_t>(label)];
    }
  }

  /// The class that the targets of a row stand for: a label, the highest value, or a single one,
  /// rounded.
  [[nodiscard]] static Index class_of(const ScoredBatch<T>& targets, Index row) {
    if (targets.labels != nullptr) return targets.labels[row];
    const T* values = targets.values + row * targets.classes;
    if (targets.classes > 1) return class_of_highest(values, targets.classes);
    return values[0] >= T(-0.5) && values[0] < T(1.5) ? values[0] > T(0.5) : -1;
  }

  const Network<T>& network_;
  const Pass pass_;  // without memory and step, which differ with each batch
  const bool as_logits_;
  const std::optional<std::int32_t> ignore_class_;
  const std::vector<T> class_weights_;
  Workspace workspace_;
};

}  // namespace nn::detail
