// SPDX-License-Identifier: MIT
// Training by several processes, each on a share of every batch: what a communicator that is given
// to `fit` needs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nn/distributed/gradient_exchange.hpp"
#include "nn/distributed/piece_tree.hpp"
#include "nn/distributed/shared_history.hpp"
#include "nn/layer/batch_peers.hpp"
#include "nn/training/evaluate.hpp"
#include "nn/training/shared_run.hpp"

namespace nn::detail {

/// The part of one process in a `fit` by several.
template <Real T>
class DataParallelRun final : public SharedRun<T> {
 public:
  NN_COLD DataParallelRun(Communicator& communicator, Network<T>& network, Compiled<T>& compiled,
                          const std::vector<T>& class_weights, const SharingOptions& options)
      : communicator_(communicator),
        network_(network),
        compiled_(compiled),
        options_(options),
        tree_(num_pieces(communicator, compiled, options), communicator.size()),
        share_(tree_.share_of(communicator.rank())),
        exchange_(communicator, network, *compiled.optimizer.get(), tree_,
                  options.gradient_format) {
    require_merging_metrics(where, compiled);
    for (std::size_t o = 0; o < network.num_outputs() && tree_.pieces() > 1; ++o) {
      // The steps that count are known when a piece's forward pass is over.
      demand(network.plan(true).outputs()[o].mask < 0, where,
             "results without masked steps, to train in several pieces", "masked ones");
    }
    for (Index piece = share_.begin; piece < share_.end; ++piece) {
      trainers_.push_back(std::make_unique<Trainer<T>>(network, compiled, class_weights));
    }
    batches_.resize(trainers_.size());
  }

  [[nodiscard]] bool leads() const override { return communicator_.rank() == 0; }
  [[nodiscard]] bool has_callbacks() const override { return has_callbacks_; }
  [[nodiscard]] BatchShare share() const override { return share_; }

  NN_COLD void begin(const NamedTexts& identity, bool has_callbacks) override {
    NamedTexts texts = identity;
    add_text(texts, "pieces", options_.pieces);
    add_text(texts, "gradient_format", to_string(options_.gradient_format));
    std::string layers;
    for (const AnyLayer<T>& layer : network_.layers()) append_listed(layers, layer.name());
    add_text(texts, "layers", layers);
    add_text(texts, "learning rate", compiled_.optimizer->learning_rate(network_.block().step()));
    require_same(communicator_, where, texts);
    has_callbacks_ = has_callbacks;
    broadcast(communicator_, has_callbacks_);
    share_weights();
    share_moments();
  }

  void reset() override {
    for (const auto& trainer : trainers_) trainer->reset();
  }

  void train(const typename BatchFeed<T>::Part& part) override {
    const Index count = part.batch_count;
    const Index first = share_.first(count);
    for (std::size_t i = 0; i < trainers_.size(); ++i) {
      const Index piece = share_.begin + static_cast<Index>(i);
      const Index begin = share_.start_of(piece, count) - first;
      const Index size = share_.start_of(piece + 1, count) - first - begin;
      if (size == 0) continue;
      const Index* const rows = part.rows == nullptr ? nullptr : part.rows + begin;
      batches_[i] = trainers_[i]->gather(*part.data, rows, part.first + begin, size);
      place(batches_[i], first + begin, size, count);
    }
    if (has_uneven_divisors()) share_divisors(count);
    // What a backup has brought to process 0 is no longer true.
    if (exchange_.is_sliced()) network_.block().give_away_moments();
    const std::int64_t steps_before = network_.block().step();
    exchange_.update(count, [&](Index piece, const ParameterUpdate& update) {
      const auto i = static_cast<std::size_t>(piece - share_.begin);
      Batch<T>& batch = batches_[i];
      trainers_[i]->score(batch);
      Pass pass = batch.pass;
      pass.update = &update;
      network_.backward(batch.x, pass, *batch.layout, {});
      network_.update_state(pass, *batch.layout);
    });
    if (network_.block().step() == steps_before) network_.block().advance_step();
  }

  NN_COLD void collect(Trainer<T>& merged) override {
    std::vector<double> mine{0};  // their number, and for each piece its tally and divergence
    std::string tensors;          // where pieces diverged, one line for each
    for (const auto& trainer : trainers_) {
      const std::vector<double> packed = trainer->tally().packed();
      mine.insert(mine.end(), packed.begin(), packed.end());
      const std::optional<Divergence>& divergence = trainer->divergence();
      mine.push_back(divergence ? static_cast<double>(divergence->step) : -1);
      tensors += (divergence ? divergence->tensor : "") + '\n';
    }
    mine[0] = static_cast<double>(mine.size() - 1);
    merged.reset();
    std::optional<Divergence> first;
    for (const std::string& bytes : all_gather(communicator_, to_bytes(mine) + tensors)) {
      const std::vector<double> numbers = from_bytes(bytes);
      const double* next = numbers.data() + 1;
      const double* const end = next + static_cast<std::ptrdiff_t>(numbers[0]);
      std::size_t line = static_cast<std::size_t>(numbers[0] + 1) * sizeof(double);
      while (next < end) {
        merged.tally().merge(next);
        const double step = *next++;
        const std::size_t line_end = bytes.find('\n', line);
        if (step >= 0 && (!first || step < static_cast<double>(first->step))) {
          first = Divergence{static_cast<std::int64_t>(step), bytes.substr(line, line_end - line)};
        }
        line = line_end + 1;
      }
    }
    if (first) merged.set_divergence(first);
  }
  NN_COLD void collect_own(Trainer<T>& merged) const override {
    merged.reset();
    for (const auto& trainer : trainers_) {
      const std::vector<double> packed = trainer->tally().packed();
      const double* next = packed.data();
      merged.tally().merge(next);
    }
  }

  NN_COLD void gather(Trainer<T>& merged) override {
    Message message{.is_gather = true};
    broadcast(communicator_, message);
    take_part_in_gather(merged);
  }
  NN_COLD RunAgreement agree(const RunAgreement& leaders, Trainer<T>& merged) override {
    Message message{.agreement = leaders};
    for (;;) {
      broadcast(communicator_, message);
      if (!message.is_gather) break;
      take_part_in_gather(merged);
    }
    if (message.agreement.is_resumed) {
      resume(message.agreement.step, merged);
    } else if (message.agreement.has_other_weights) {
      share_weights();
    }
    return message.agreement;
  }

  NN_COLD void finish() override {
    ParameterBlock<T>& block = network_.block();
    if (!exchange_.is_sliced()) {
      compiled_.optimizer->finalize_variable_values(block);
      return;
    }
    ParameterBlock<T>& slice = exchange_.slice().block();
    compiled_.optimizer->finalize_variable_values(slice);
    const auto parts = nn::detail::gather(communicator_, to_text(slice.values(), slice.size()));
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Index first = exchange_.begin_of_trained(static_cast<Index>(i));
      std::memcpy(block.values() + first, parts[i].data(), parts[i].size());
    }
    share_weights();
    gather_moments();
  }

  NN_COLD void share_history(History& history) override { broadcast(communicator_, history); }

  NN_COLD void fail(const char* why) noexcept override { communicator_.fail(why); }

 private:
  static constexpr const char* where = "Model::fit, communicator";

  /// The others, for layers that take statistics of whole batches.
  class Peers final : public BatchPeers {
   public:
    explicit Peers(DataParallelRun& run) : run_(run) {}
    [[nodiscard]] std::span<const double> all_gather(std::span<const double> mine) override {
      const Index pieces = run_.tree_.pieces(), processes = run_.communicator_.size();
      if (pieces > processes) {
        refuse({where,
                {"one piece for each process where layers are synchronized, ", processes},
                pieces,
                "",
                "leave sharing.pieces at 0"});
      }
      return run_.exchange_.all_gather(mine);
    }

   private:
    DataParallelRun& run_;
  };

  /// What process 0 tells while its callbacks run.
  struct Message {
    bool is_gather = false;  // else they have run
    RunAgreement agreement{};
  };

  /// Throws `std::invalid_argument` for options, losses and metrics that don't go with processes.
  [[nodiscard]] NN_COLD static Index num_pieces(const Communicator& communicator,
                                                const Compiled<T>& compiled,
                                                const SharingOptions& options) {
    const Index processes = communicator.size();
    demand(options.pieces >= 0, where, "0 pieces or more", options.pieces);
    if (options.pieces > 0 && options.pieces < processes) {
      refuse({where,
              {"at most ", options.pieces, " processes, as many as pieces"},
              processes,
              "",
              "set sharing.pieces to the largest number of processes"});
    }
    const bool rounds = options.gradient_format == NumberFormat::bfloat16;
    if (options.gradient_format != NumberFormat::float32 && !rounds) {
      refuse({where, "gradients as float32 or bfloat16", to_string(options.gradient_format)});
    }
    if (rounds && sizeof(T) != sizeof(float)) {
      refuse({where, "gradients as float32 in a model of doubles", "bfloat16"});
    }
    const Index pieces = options.pieces == 0 ? processes : options.pieces;
    for (const Objective<T>& objective : compiled.objectives) {
      if (pieces == 1 || objective.loss->reduction()) continue;
      refuse({.where = where,
              .expected = "losses that are written for a row, and so can be cut in pieces",
              .got = {objective.loss->name(), ", a call for a whole batch"},
              .remedy = "see RowLoss"});
    }
    return pieces;
  }

  /// Tells a piece where it stands in the whole batch.
  void place(Batch<T>& batch, Index before, Index size, Index count) {
    batch.pass.samples_before = before;
    batch.pass.samples = size;
    batch.pass.peers = tree_.pieces() > 1 ? &peers_ : nullptr;
    for (auto& output : batch.outputs) {
      ScoredBatch<T>& targets = output.targets;
      targets.batch_rows = targets.rows / size * count;
      targets.divisor = static_cast<double>(targets.batch_rows);
    }
  }

  /// Whether a sum of losses is divided by something that is not the number of rows.
  [[nodiscard]] bool has_uneven_divisors() const {
    for (const Objective<T>& objective : compiled_.objectives) {
      const bool ignores = objective.loss->targets().ignore_class.has_value();
      const bool adds_weights = objective.loss->reduction() == Reduction::mean_with_sample_weight;
      if (ignores || adds_weights) return true;
    }
    return false;
  }
  /// Adds up what the losses of all pieces are divided by.
  NN_COLD void share_divisors(Index count) {
    const std::size_t outputs = compiled_.objectives.size();
    std::vector<double> mine;
    for (std::size_t i = 0; i < trainers_.size(); ++i) {
      const bool is_empty = tree_.samples_of(share_.begin + static_cast<Index>(i), 1, count) == 0;
      for (std::size_t o = 0; o < outputs; ++o) {
        const LossInterface<T>& loss = *compiled_.objectives[o].loss;
        mine.push_back(is_empty ? 0
                                : divisor_of(loss.reduction().value_or(Reduction::sum),
                                             batches_[i].outputs[o].targets,
                                             loss.targets().ignore_class));
      }
    }
    std::vector<double> sums(outputs);
    for (const std::vector<double>& parts : all_gather(communicator_, mine)) {
      for (std::size_t i = 0; i < parts.size(); ++i) sums[i % outputs] += parts[i];
    }
    for (std::size_t i = 0; i < trainers_.size(); ++i) {
      if (tree_.samples_of(share_.begin + static_cast<Index>(i), 1, count) == 0) continue;
      for (std::size_t o = 0; o < outputs; ++o) batches_[i].outputs[o].targets.divisor = sums[o];
    }
  }

  /// Gives all the values of process 0.
  NN_COLD void share_weights() {
    ParameterBlock<T>& block = network_.block();
    const std::span values(block.values(), static_cast<std::size_t>(block.num_values()));
    broadcast(communicator_, std::as_writable_bytes(values));
    exchange_.slice().refresh();
  }
  /// Gives all the step of process 0, and each its slice of the moments.
  NN_COLD void share_moments() {
    ParameterBlock<T>& block = network_.block();
    std::int64_t step = block.step();
    broadcast(communicator_, step);
    typename ParameterBlock<T>::Moments moments;
    for (std::size_t m = 0; m < moments.size(); ++m) {
      bool is_there = !block.moments()[m].empty();
      broadcast(communicator_, is_there);
      if (!is_there) continue;
      moments[m] = AlignedArray<T>(static_cast<std::size_t>(block.size()));
      if (leads()) std::copy_n(block.moments()[m].data(), block.size(), moments[m].data());
      broadcast(communicator_,
                std::as_writable_bytes(std::span(moments[m].data(), moments[m].size())));
    }
    if (exchange_.is_sliced()) {
      exchange_.slice().take_moments(moments, step);
      moments = {};
    }
    block.resume(std::move(moments), step);
    if (exchange_.is_sliced()) block.give_away_moments();
  }
  /// Brings all moments to process 0. The others have none then.
  NN_COLD void gather_moments() {
    if (!exchange_.is_sliced()) return;
    ParameterBlock<T>& slice = exchange_.slice().block();
    ParameterBlock<T>& block = network_.block();
    typename ParameterBlock<T>::Moments moments;
    for (std::size_t m = 0; m < moments.size(); ++m) {
      const AlignedArray<T>& mine = slice.moments()[m];
      const auto parts =
          nn::detail::gather(communicator_, to_text(mine.data(), static_cast<Index>(mine.size())));
      for (std::size_t i = 0; i < parts.size(); ++i) {
        if (parts[i].empty()) continue;
        if (moments[m].empty()) {
          moments[m] = AlignedArray<T>(static_cast<std::size_t>(block.size()));
        }
        const Index first = exchange_.begin_of_trained(static_cast<Index>(i));
        std::memcpy(moments[m].data() + first, parts[i].data(), parts[i].size());
      }
    }
    if (leads()) {
      block.resume(std::move(moments), block.step());
    } else {
      block.give_away_moments();
    }
  }
  [[nodiscard]] static std::string to_text(const T* values, Index count) {
    return {reinterpret_cast<const char*>(values), static_cast<std::size_t>(count) * sizeof(T)};
  }

  NN_COLD void take_part_in_gather(Trainer<T>& merged) {
    collect(merged);
    keep(merged);
    gather_moments();
  }
  /// From here on sums begin with what all have added up: then a run that goes on from a backup
  /// adds in the same order as one that was not cut off.
  NN_COLD void keep(Trainer<T>& merged) {
    reset();
    if (!leads()) return;
    const std::vector<double> packed = merged.tally().packed();
    const double* next = packed.data();
    trainers_[0]->tally().merge(next);
    trainers_[0]->set_divergence(merged.divergence());
  }
  /// Goes on from a backup that process 0 has read.
  NN_COLD void resume(std::int64_t step, Trainer<T>& merged) {
    if (!leads()) network_.block().resume({}, step);
    share_weights();
    share_moments();
    keep(merged);
  }

  Communicator& communicator_;
  Network<T>& network_;
  Compiled<T>& compiled_;
  const SharingOptions options_;
  const PieceTree tree_;
  const BatchShare share_;
  GradientExchange<T> exchange_;
  Peers peers_{*this};
  std::vector<std::unique_ptr<Trainer<T>>> trainers_;  // of each piece of this process
  std::vector<Batch<T>> batches_;                      // of each
  bool has_callbacks_ = false;
};

template <Real T>
NN_COLD std::unique_ptr<SharedRun<T>> make_shared_run(Communicator& communicator,
                                                      Network<T>& network, Compiled<T>& compiled,
                                                      const std::vector<T>& class_weights,
                                                      const SharingOptions& options) {
  return std::make_unique<DataParallelRun<T>>(communicator, network, compiled, class_weights,
                                              options);
}

}  // namespace nn::detail
