// SPDX-License-Identifier: MIT
// One update by several processes: gradients are added up, slice by slice, and the new weights
// given to all.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "nn/core/collective.hpp"
#include "nn/distributed/exchange_plan.hpp"
#include "nn/distributed/parameter_slice.hpp"
#include "nn/distributed/piece_sums.hpp"
#include "nn/distributed/piece_tree.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/layer/penalties.hpp"
#include "nn/model/compiled.hpp"
#include "nn/model/network.hpp"

namespace nn::detail {

/// The sums of all processes' gradients, and what the optimizer makes of them.
///
/// What is summed is the trained parameters' gradients, followed by the changes of layers' state.
/// Each process owns a slice of that: the others send it their parts, it adds them along the
/// PieceTree, lets the optimizer update its slice of the weights, and sends these to the others. A
/// slice goes in chunks, each on its way as soon as backward has finished its gradients (through
/// `Pass::update`), so while layers in front of it still compute theirs. An optimizer without
/// `begin_step` gets all sums on all processes, as does any where parameters have regularizers or
/// constraints: these need whole tensors.
template <Real T>
class GradientExchange {
 public:
  NN_COLD GradientExchange(Communicator& communicator, Network<T>& network,
                           OptimizerInterface<T>& optimizer, const PieceTree& tree,
                           NumberFormat gradient_format)
      : communicator_(communicator),
        block_(network.block()),
        optimizer_(optimizer),
        tree_(tree),
        plan_(network, communicator.size()),
        sums_(tree, communicator.rank(), block_, plan_, gradient_format == NumberFormat::bfloat16),
        trained_(plan_.trained()),
        state_begin_(plan_.state_begin()),
        state_size_(plan_.state_size()),
        slice_(block_, plan_.begin_of_trained(communicator.rank()),
               plan_.begin_of_trained(communicator.rank() + 1)),
        is_sliced_(has_rule(optimizer) && !has_regularizers(block_) && !has_constraints(block_)),
        new_state_(size_of(state_size_)),
        old_state_(size_of(state_size_)) {
    block_.zero_gradients();
    if (!is_sliced_) all_sums_ = AlignedArray<T>(size_of(trained_));
  }

  [[nodiscard]] ParameterSlice<T>& slice() { return slice_; }
  /// Whether the optimizer's memory is that of the slice.
  [[nodiscard]] bool is_sliced() const { return is_sliced_; }
  /// Where the trained part of a process's slice begins.
  [[nodiscard]] Index begin_of_trained(Index process) const {
    return plan_.begin_of_trained(process);
  }

  /// The numbers of all processes with samples in this update, in their order. For `run` of
  /// `update`, of one piece in each process.
  NN_COLD std::span<const double> all_gather(std::span<const double> mine) {
    constexpr Index gather_tag = 3;
    gathered_.clear();
    for (const PieceTree::Node& node : tree_.nodes()) {
      if (sums_.is_present(node)) gathered_.insert(gathered_.end(), mine.begin(), mine.end());
    }
    std::size_t first = 0;
    for (const PieceTree::Node& node : tree_.nodes()) {
      if (!sums_.is_present(node)) continue;
      const std::span theirs(gathered_.data() + std::exchange(first, first + mine.size()),
                             mine.size());
      if (sums_.is_own(node)) continue;
      communicator_.receive(node.process, gather_tag, std::as_writable_bytes(theirs), gather);
      communicator_.send(node.process, gather_tag, std::as_bytes(mine), gather);
      num_gathering_ += 2;
    }
    num_outstanding_ += num_gathering_;
    while (num_gathering_ > 0) progress(true);
    return gathered_;
  }

  /// One update from a batch of `count` samples. run(piece, update) has to compute the gradients of
  /// a piece of this process, for `update`, and to update the layers' state.
  template <class RunPiece>
  void update(Index count, const RunPiece& run) {
    begin(count);
    for (std::size_t i = 0; i < sums_.own_nodes().size(); ++i) {
      if (!sums_.is_present(tree_.nodes()[sums_.own_nodes()[i]])) continue;
      sums_.add_up(i, [&](Index piece, Sum& sum) { run_piece(piece, sum, run); });
      ++num_own_done_;
      for (std::size_t c = 0; c < chunks_.size(); ++c) {
        if (!sums_.has_one_piece() || !chunks_[c].is_posted) post(c, i);
      }
      progress(false);
    }
    while (num_outstanding_ > 0 || num_unfinished_ > 0) progress(true);
    if (!is_sliced_) {
      std::copy_n(all_sums_.data(), trained_, block_.gradients());
      static_cast<void>(add_penalties(block_));
      optimizer_.step(block_);
      apply_constraints(block_);
    }
  }

 private:
  // Requests that are not the arrival of a chunk.
  static constexpr Index no_chunk = -1, gather = -2;

  using Sum = typename PieceSums<T>::Sum;

  [[nodiscard]] static std::size_t size_of(Index count) { return static_cast<std::size_t>(count); }

  /// Whether an optimizer gives its step as a rule.
  [[nodiscard]] NN_COLD static bool has_rule(OptimizerInterface<T>& optimizer) {
    ParameterBlock<T> empty;
    return optimizer.begin_step(empty).has_value();
  }

  [[nodiscard]] bool is_own(const Chunk& chunk) const {
    return chunk.owner == communicator_.rank();
  }
  /// Whether there is anything to do with it.
  [[nodiscard]] static bool is_used(const Chunk& chunk) {
    return chunk.is_state || chunk.updated > 0;
  }
  /// Counts what this update waits for, and begins to receive the others' parts of this slice.
  void begin(Index count) {
    count_ = count;
    sums_.begin(count);
    thread_ = std::this_thread::get_id();
    Index present = 0;
    num_own_ = num_own_done_ = 0;
    for (const PieceTree::Node& node : tree_.nodes()) {
      present += sums_.is_present(node) ? 1 : 0;
      num_own_ += sums_.is_present(node) && sums_.is_own(node) ? 1 : 0;
    }
    is_alone_ = has_one_sampled_piece();
    rule_ = is_sliced_ ? optimizer_.begin_step(slice_.block()) : std::nullopt;
    std::copy_n(block_.values() + state_begin_, state_size_, old_state_.data());
    for (std::size_t c = 0; c < chunks_.size(); ++c) {
      Chunk& chunk = chunks_[c];
      chunk.is_posted = !is_used(chunk);
      chunk.is_ready.store(false, std::memory_order_relaxed);
      chunk.missing.store(chunk.updated, std::memory_order_relaxed);
      if (!is_used(chunk)) continue;
      if (is_own(chunk)) {
        chunk.awaited = present;
        ++num_unfinished_;
      } else if (num_own_ == 0) {
        receive_result(c);
      }
    }
    for (std::size_t i = 0; i < tree_.nodes().size(); ++i) {
      const PieceTree::Node& node = tree_.nodes()[i];
      if (sums_.is_own(node) || !sums_.is_present(node)) continue;
      for (std::size_t c = 0; c < chunks_.size(); ++c) {
        if (!is_own(chunks_[c]) || !is_used(chunks_[c])) continue;
        communicator_.receive(node.process, tag(c, false), sums_.room_for(i, chunks_[c]),
                              static_cast<Index>(c));
        ++num_outstanding_;
      }
    }
  }
  [[nodiscard]] bool has_one_sampled_piece() const {
    Index with_samples = 0;
    for (Index i = 0; i < tree_.pieces(); ++i) {
      with_samples += tree_.samples_of(i, 1, count_) > 0 ? 1 : 0;
    }
    return with_samples == 1;
  }

  /// Two for each chunk: its parts, and what is made of them.
  [[nodiscard]] static Index tag(std::size_t chunk, bool is_result) {
    return first_free_tag + 2 * static_cast<Index>(chunk) + (is_result ? 1 : 0);
  }
  /// Where the new values of a chunk arrive: weights, sums of gradients, or state.
  [[nodiscard]] T* result(const Chunk& chunk) {
    if (chunk.is_state) return block_.values() + state_begin_ + (chunk.first - trained_);
    return (is_sliced_ ? block_.values() : all_sums_.data()) + chunk.first;
  }
  [[nodiscard]] static std::span<std::byte> bytes_of(T* values, Index count) {
    return std::as_writable_bytes(std::span(values, size_of(count)));
  }

  template <class RunPiece>
  void run_piece(Index piece, Sum& to, const RunPiece& run) {
    target_ = to.gradients;
    const auto collect = ParameterUpdate::of<T>(
        [this](T* w, const T* g, Index count) { take(w - block_.values(), g, count); });
    run(piece, collect);
    // What the piece has changed of the state, by its share of the batch.
    T* const state = block_.values() + state_begin_;
    const T weight = static_cast<T>(static_cast<double>(tree_.samples_of(piece, 1, count_)) /
                                    static_cast<double>(count_));
    for (Index i = 0; i < state_size_; ++i) {
      to.state[i] = is_alone_ ? state[i] : weight * (state[i] - old_state_[size_of(i)]);
      state[i] = old_state_[size_of(i)];
    }
  }

  /// Finished gradients, in any thread.
  void take(Index first, const T* g, Index count) {
    T* const to = target_ + first;
    if (g != to) std::copy_n(g, count, to);
    if (!sums_.has_one_piece()) return;
    plan_.for_each_chunk(first, count, [this](Chunk& chunk, Index part) {
      if (chunk.missing.fetch_sub(part, std::memory_order_acq_rel) != part) return;
      chunk.is_ready.store(true, std::memory_order_release);
      num_ready_.fetch_add(1, std::memory_order_release);
    });
    if (std::this_thread::get_id() == thread_) post_ready();
  }
  /// In the thread that called `update`: messages are its affair.
  void post_ready() {
    constexpr int calls_between_looks = 64;
    if (num_ready_.load(std::memory_order_acquire) > 0) {
      num_ready_.store(0, std::memory_order_relaxed);
      ++num_own_done_;
      for (std::size_t c = 0; c < chunks_.size(); ++c) {
        Chunk& chunk = chunks_[c];
        if (!chunk.is_posted && chunk.is_ready.load(std::memory_order_acquire)) post(c, 0);
      }
      --num_own_done_;
    } else if (++calls_ % calls_between_looks != 0) {
      return;
    }
    progress(false);
  }

  /// Sends this process's part of a chunk, sum number `i`, to the chunk's owner.
  void post(std::size_t c, std::size_t i) {
    Chunk& chunk = chunks_[c];
    if (!is_used(chunk)) return;
    chunk.is_posted = true;
    if (is_own(chunk)) {
      arrive(c);
      return;
    }
    Sum& sum = sums_.own(i);
    std::span<const std::byte> bytes;
    if (sums_.is_rounded(chunk)) {
      Bfloat16* const rounded = sum.rounded.data() + chunk.first;
      for (Index j = 0; j < chunk.count; ++j) {
        rounded[j] = to_bfloat16(static_cast<float>(sum.gradients[chunk.first + j]));
      }
      bytes = std::as_bytes(std::span(rounded, size_of(chunk.count)));
    } else {
      bytes = bytes_of(sums_.part_of(sum, chunk), chunk.count);
    }
    communicator_.send(chunk.owner, tag(c, false), bytes, no_chunk);
    ++num_outstanding_;
    // Nobody reads what is to be replaced, once the last part is finished.
    if (num_own_done_ == num_own_) receive_result(c);
  }
  void receive_result(std::size_t c) {
    const Chunk& chunk = chunks_[c];
    communicator_.receive(chunk.owner, tag(c, true), bytes_of(result(chunk), chunk.count),
                          no_chunk);
    ++num_outstanding_;
  }

  /// Takes notice of requests that have ended.
  void progress(bool waits) {
    if (num_outstanding_ == 0) return;
    for (const Index request : communicator_.finished(waits)) {
      --num_outstanding_;
      if (request == gather) --num_gathering_;
      if (request < 0) continue;
      // What `arrive` sends adds to the requests, but nothing here looks at them.
      arrived_.push_back(static_cast<std::size_t>(request));
    }
    while (!arrived_.empty()) {
      const std::size_t c = arrived_.back();
      arrived_.pop_back();
      arrive(c);
    }
  }
  /// A part of a chunk of this slice is there.
  void arrive(std::size_t c) {
    if (--chunks_[c].awaited > 0) return;
    finish(chunks_[c]);
    --num_unfinished_;
    T* const made = chunks_[c].is_state ? new_state_.data() + (chunks_[c].first - trained_)
                    : is_sliced_        ? slice_.value(chunks_[c].first)
                                        : all_sums_.data() + chunks_[c].first;
    for (Index process = 0; process < communicator_.size(); ++process) {
      if (process == communicator_.rank()) continue;
      communicator_.send(process, tag(c, true), bytes_of(made, chunks_[c].count), no_chunk);
      ++num_outstanding_;
    }
  }

  /// Adds up a chunk of this slice, and makes its new values.
  void finish(const Chunk& chunk) {
    kernels::for_each_block(chunk.count, [&](Index first, Index size) {
      for (Index i = first; i < first + size; i += PieceSums<T>::longest) {
        finish(chunk, chunk.first + i, std::min(PieceSums<T>::longest, first + size - i));
      }
    });
  }
  void finish(const Chunk& chunk, Index first, Index count) {
    T room[PieceSums<T>::longest];
    const T* const sum = sums_.total(chunk, first, count, room);
    if (chunk.is_state) {
      const Index i = first - trained_;
      for (Index j = 0; j < count; ++j) {
        const T old = old_state_[size_of(i + j)];
        new_state_[size_of(i + j)] = is_alone_ ? sum[j] : old + sum[j];
      }
      std::copy_n(new_state_.data() + i, count, block_.values() + state_begin_ + i);
    } else if (is_sliced_) {
      for (const auto& [begin, end] : plan_.updated()) {
        const Index from = std::max(begin, first), to = std::min(end, first + count);
        if (from >= to) continue;
        rule_->apply(slice_.value(from), sum + (from - first), to - from);
        std::copy_n(slice_.value(from), to - from, block_.values() + from);
      }
    } else {
      std::copy_n(sum, count, all_sums_.data() + first);
    }
  }

  Communicator& communicator_;
  ParameterBlock<T>& block_;
  OptimizerInterface<T>& optimizer_;
  const PieceTree& tree_;
  ExchangePlan<T> plan_;
  PieceSums<T> sums_;
  std::vector<Chunk>& chunks_ = plan_.chunks();
  const Index trained_, state_begin_, state_size_;
  ParameterSlice<T> slice_;
  const bool is_sliced_;
  AlignedArray<T> new_state_, old_state_;
  AlignedArray<T> all_sums_;  // [trained], where the optimizer has no rule

  // Of one update.
  Index count_ = 0;
  std::optional<ParameterUpdate> rule_;
  bool is_alone_ = false;  // all samples lie in one piece
  Index num_own_ = 0, num_own_done_ = 0;
  Index num_outstanding_ = 0;  // requests
  Index num_gathering_ = 0;    // requests of those, of `all_gather`
  std::vector<double> gathered_;
  Index num_unfinished_ = 0;  // chunks of this slice
  T* target_ = nullptr;       // of the gradients of the piece that runs
  std::thread::id thread_;
  std::atomic<Index> num_ready_{0};
  int calls_ = 0;
  std::vector<std::size_t> arrived_;
};

}  // namespace nn::detail
