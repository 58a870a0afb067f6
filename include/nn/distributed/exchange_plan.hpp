// SPDX-License-Identifier: MIT
// What processes exchange in an update: whose is what, and what goes in one message.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>

#include "nn/layer/parameter_block.hpp"
#include "nn/layer/parameter_update.hpp"
#include "nn/model/network.hpp"
#include "nn/training/split.hpp"

namespace nn::detail {

/// A part of what is summed that goes in one message.
struct Chunk {
  Index first = 0;
  Index count = 0;
  Index owner = 0;
  bool is_state = false;
  bool is_posted = false;         // this process's part is on its way
  Index updated = 0;              // elements that backward gives a gradient
  std::atomic<Index> missing{0};  // of those, in this update
  std::atomic<bool> is_ready{false};
  Index awaited = 0;  // parts that its owner does not have yet
};

/// The gradients of the trained parameters, followed by layers' state, cut in a slice for each
/// process, and those in chunks.
template <Real T>
class ExchangePlan {
 public:
  NN_COLD ExchangePlan(Network<T>& network, Index processes)
      : block_(network.block()),
        processes_(processes),
        trained_(block_.size()),
        state_begin_(begin_of_state(block_)),
        state_size_(block_.num_values() - state_begin_) {
    cut_chunks();
    count_updated(network);
  }

  /// Elements of trained parameters, the gaps between them included.
  [[nodiscard]] Index trained() const { return trained_; }
  /// Where the state begins among the block's values, and its elements.
  [[nodiscard]] Index state_begin() const { return state_begin_; }
  [[nodiscard]] Index state_size() const { return state_size_; }
  [[nodiscard]] Index begin_of_slice(Index process) const {
    const BatchShare cut{.pieces = processes_};
    return cut.start_of(process, (trained_ + state_size_) / line) * line;
  }
  /// The same, as far as parameters are trained.
  [[nodiscard]] Index begin_of_trained(Index process) const {
    return std::min(begin_of_slice(process), trained_);
  }

  [[nodiscard]] std::vector<Chunk>& chunks() { return chunks_; }
  /// Ranges of elements that backward gives a gradient.
  [[nodiscard]] const std::vector<std::pair<Index, Index>>& updated() const { return updated_; }

  /// Calls f(chunk, count) for the chunks that elements of trained parameters lie in.
  template <class F>
  void for_each_chunk(Index first, Index count, const F& f) {
    auto chunk = std::upper_bound(chunks_.begin(), chunks_.end(), first,
                                  [](Index i, const Chunk& c) { return i < c.first; }) -
                 1;
    while (count > 0) {
      const Index part = std::min(count, chunk->first + chunk->count - first);
      f(*chunk, part);
      first += part;
      count -= part;
      ++chunk;
    }
  }

 private:
  static constexpr Index line = cache_line / static_cast<Index>(sizeof(T));

  [[nodiscard]] NN_COLD static Index begin_of_state(const ParameterBlock<T>& block) {
    for (const NamedParameter<T>& parameter : block.named()) {
      if (parameter.role == ParameterRole::state) return parameter.value().data() - block.values();
    }
    return block.num_values();
  }
  /// Chunks are as large as a message has to be to cost little, and few enough for tags.
  NN_COLD void cut_chunks() {
    constexpr Index smallest = Index{1} << 16, most = 4096;
    const Index total = trained_ + state_size_;
    const Index size = (std::max(smallest, total / most) + line - 1) / line * line;
    std::vector<std::pair<Index, Index>> ranges;
    std::vector<Index> owners;
    for (Index process = 0; process < processes_; ++process) {
      const Index begin = begin_of_slice(process), end = begin_of_slice(process + 1);
      for (Index first = begin; first < end;) {
        Index stop = std::min(first + size, end);
        if (first < trained_) stop = std::min(stop, trained_);
        ranges.emplace_back(first, stop - first);
        owners.push_back(process);
        first = stop;
      }
    }
    chunks_ = std::vector<Chunk>(ranges.size());
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      chunks_[i].first = ranges[i].first;
      chunks_[i].count = ranges[i].second;
      chunks_[i].owner = owners[i];
      chunks_[i].is_state = ranges[i].first >= trained_;
    }
  }

  /// Counts the elements of each chunk that backward gives a gradient. The others, of layers that
  /// no result needs, stay as they are, as with one process.
  NN_COLD void count_updated(const Network<T>& network) {
    std::vector<std::atomic<bool>> found(block_.named().size());
    const auto rule = ParameterUpdate::of<T>([this, &found](T* w, const T*, Index) {
      for (std::size_t i = 0; i < found.size(); ++i) {
        const NamedParameter<T>& parameter = block_.named()[i];
        const auto value = parameter.value();
        if (w >= value.data() && w < value.data() + value.size()) found[i] = true;
      }
    });
    network.for_each_updated(rule);
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (!found[i]) continue;
      const auto value = block_.named()[i].value();
      const Index first = value.data() - block_.values();
      for_each_chunk(first, value.size(), [](Chunk& chunk, Index part) { chunk.updated += part; });
      if (!updated_.empty() && updated_.back().second > first - line) {
        updated_.back().second = first + value.size();  // but for a gap of zeros, its neighbour
      } else {
        updated_.emplace_back(first, first + value.size());
      }
    }
  }

  ParameterBlock<T>& block_;
  const Index processes_;
  const Index trained_, state_begin_, state_size_;
  std::vector<Chunk> chunks_;
  std::vector<std::pair<Index, Index>> updated_;
};

}  // namespace nn::detail
