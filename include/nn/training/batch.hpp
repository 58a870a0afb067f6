// SPDX-License-Identifier: MIT
// Batches of samples with targets, in the memory of a pass.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "nn/data/data_set.hpp"
#include "nn/model/model.hpp"
#include "nn/training/target_requirements.hpp"

namespace nn::detail {

/// Samples and targets for one pass, and its memory.
template <Real T>
struct Batch {
  /// Of one output of the model.
  struct Output {
    ScoredBatch<T> targets{};  // of all rows; `scores` is null until the model has computed them
    T* row_losses = nullptr;   // [rows]
  };

  Index count = 0;                // samples
  std::span<const T* const> x{};  // of each input, [count, ...]
  std::span<Output> outputs{};
  std::span<T* const> scores{};  // of each, where inference writes them; none in training
  Pass pass{};
  const MemoryLayout* layout = nullptr;  // of pass.memory
};

/// Throws `std::invalid_argument` for a loss that expects logits and would get the result of an
/// activation.
template <Real T>
NN_COLD void require_logits(const Network<T>& network, const Compiled<T>& compiled) {
  for (std::size_t o = 0; o < network.num_outputs(); ++o) {
    const AnyLoss<T>& loss = compiled.objectives[o].loss;
    const Activation closing = network.plan().outputs()[o].closing_activation;
    const bool gives_logits = closing != Activation::softmax && closing != Activation::sigmoid;
    if (gives_logits || !loss->from_logits()) continue;
    refuse({loss->name(),
            "logits",
            {"a model that ends with a ", to_string(closing)},
            "",
            {"leave out the ", to_string(closing), " or from_logits"}});
  }
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
        class_weights_(std::move(class_weights)),
        x_(network.inputs().size()),
        outputs_(network.num_outputs()) {
    require_logits(network, compiled);
    if (use == Use::inference) scores_.resize(outputs_.size());
    for (std::size_t o = 0; o < outputs_.size(); ++o) {
      ScoredBatch<T>& targets = outputs_[o].targets;
      targets.classes = row_size(network.output(o));
      targets.are_logits = network.plan(true).outputs()[o].are_logits;
      targets.ignore_class = compiled.objectives[o].loss->targets().ignore_class;
    }
  }

  /// Samples rows[0 .. count - 1] of the data with what belongs to them; without `rows` (null)
  /// samples first .. first + count - 1.
  [[nodiscard, gnu::noinline]] Batch<T> make(const DataSet& data, const Index* rows, Index first,
                                             Index count) {
    const MemoryLayout& layout = network_.layout(workspace_.layouts(), count, pass_.training, true);
    Index num_bytes = layout.num_bytes;
    for (const Shape& input : network_.inputs()) {
      num_bytes = checked_sum({num_bytes, padded_bytes<T>(count, input.num_elements())});
    }
    for (std::size_t o = 0; o < outputs_.size(); ++o) {
      const Index num_rows = checked_product({count, rows_per_sample(network_.output(o))});
      outputs_[o].targets.rows = num_rows;
      const Index rows_bytes = padded_bytes<T>(num_rows);
      const Index scores_bytes = padded_bytes<T>(num_rows, outputs_[o].targets.classes);
      const bool are_classes = data.y[o].kind() == TargetKind::classes;
      num_bytes = checked_sum({num_bytes, pass_.training ? 0 : scores_bytes, rows_bytes,
                               are_classes ? padded_bytes<std::int32_t>(num_rows) : scores_bytes,
                               weighs(data) ? rows_bytes : 0});
    }
    std::byte* memory = workspace_.reserve(num_bytes);
    for (std::size_t i = 0; i < x_.size(); ++i) {
      T* const buffer = take<T>(memory, count, network_.inputs()[i].num_elements());
      x_[i] = rows == nullptr ? data.x[i].slice(first, count).gather(nullptr, count, buffer)
                              : data.x[i].gather(rows, count, buffer);
    }
    for (std::size_t o = 0; o < outputs_.size(); ++o) {
      gather_output(data, o, rows, first, count, memory);
    }
    for (std::size_t o = 0; o < outputs_.size(); ++o) find_mask(o, count, memory, layout);
    Batch<T> batch{.count = count,
                   .x = x_,
                   .outputs = outputs_,
                   .scores = scores_,
                   .pass = pass_,
                   .layout = &layout};
    batch.pass.memory = memory;
    batch.pass.step = static_cast<std::uint64_t>(network_.block().step());
    return batch;
  }

 private:
  [[nodiscard]] bool weighs(const DataSet& data) const {
    return data.weights.is_given() || !class_weights_.empty();
  }
  template <class Number>
  [[nodiscard]] static Number* take(std::byte*& memory, Index rows, Index row_size = 1) {
    std::byte* const taken = std::exchange(memory, memory + padded_bytes<Number>(rows, row_size));
    return reinterpret_cast<Number*>(taken);
  }

  /// Targets and weights of an output's rows, and memory for what is computed of them.
  void gather_output(const DataSet& data, std::size_t o, const Index* rows, Index first,
                     Index count, std::byte*& memory) {
    ScoredBatch<T>& targets = outputs_[o].targets;
    const Targets y = rows == nullptr ? data.y[o].slice(first, count) : data.y[o];
    targets.scores = nullptr;
    targets.weights = nullptr;
    if (!pass_.training) scores_[o] = take<T>(memory, targets.rows, targets.classes);
    outputs_[o].row_losses = take<T>(memory, targets.rows);
    if (y.kind() == TargetKind::classes) {
      targets.labels = y.gather_classes(rows, count, take<std::int32_t>(memory, targets.rows));
    } else {
      T* const buffer = take<T>(memory, targets.rows, targets.classes);
      targets.values = y.gather_values(rows, count, buffer);
    }
    if (!weighs(data)) return;
    T* const weights = take<T>(memory, targets.rows);
    const SampleWeights given = rows == nullptr ? data.weights.slice(first, count) : data.weights;
    gather_weights(given, rows, count, targets, weights);
    targets.weights = weights;
  }

  /// Where forward will put the mask of an output's steps.
  void find_mask(std::size_t o, Index count, std::byte* memory, const MemoryLayout& layout) {
    ScoredBatch<T>& targets = outputs_[o].targets;
    const auto& plan = network_.plan(layout);
    targets.mask = plan.result_mask(o, memory, layout);
    if (targets.mask == nullptr) return;
    targets.rows_per_step = targets.rows / std::max<Index>(count * plan.result_mask_size(o), 1);
  }

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
  const std::vector<T> class_weights_;
  std::vector<const T*> x_;
  std::vector<typename Batch<T>::Output> outputs_;
  std::vector<T*> scores_;
  Workspace workspace_;
};

}  // namespace nn::detail
