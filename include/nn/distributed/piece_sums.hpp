// SPDX-License-Identifier: MIT
// The sums of pieces' gradients that a process has: those of its own pieces, and of its slice those
// that it gets from others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "nn/distributed/exchange_plan.hpp"
#include "nn/distributed/piece_tree.hpp"
#include "nn/kernels/elementwise/elementwise.hpp"

namespace nn::detail {

/// What is summed is the trained parameters' gradients, followed by the changes of layers' state,
/// each along the PieceTree.
template <Real T>
class PieceSums {
 public:
  /// A sum over pieces of this process.
  struct Sum {
    AlignedArray<T> memory;
    T* gradients = nullptr;  // [trained]
    T* state = nullptr;      // [state size]
    AlignedArray<Bfloat16> rounded;
  };

  /// Most elements that `total` takes.
  static constexpr Index longest = 512;

  /// `rounds`: gradients are sent in bfloat16.
  NN_COLD PieceSums(const PieceTree& tree, Index process, ParameterBlock<T>& block,
                    const ExchangePlan<T>& plan, bool rounds)
      : tree_(tree),
        process_(process),
        block_(block),
        rounds_(rounds),
        trained_(plan.trained()),
        state_size_(plan.state_size()),
        slice_begin_(plan.begin_of_slice(process)),
        slice_size_(plan.begin_of_slice(process + 1) - slice_begin_) {
    const auto& nodes = tree.nodes();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (is_own(nodes[i])) own_nodes_.push_back(i);
    }
    const BatchShare own = tree.share_of(process);
    has_one_piece_ = own.end - own.begin == 1;
    sums_.resize(own_nodes_.size());
    for (Sum& sum : sums_) make(sum, has_one_piece_);
    received_.resize(nodes.size());
  }

  /// Of an update from a batch of `count` samples.
  void begin(Index count) { count_ = count; }

  /// Whether this process has one piece, so that gradients can be sent while they are computed.
  [[nodiscard]] bool has_one_piece() const { return has_one_piece_; }
  /// The nodes of the tree that this process adds up, and the sum of each.
  [[nodiscard]] std::span<const std::size_t> own_nodes() const { return own_nodes_; }
  [[nodiscard]] Sum& own(std::size_t i) { return sums_[i]; }
  [[nodiscard]] bool is_own(const PieceTree::Node& node) const { return node.process == process_; }
  /// Whether any of its pieces has samples.
  [[nodiscard]] bool is_present(const PieceTree::Node& node) const {
    return tree_.samples_of(node.first, node.size, count_) > 0;
  }
  [[nodiscard]] bool is_rounded(const Chunk& chunk) const { return rounds_ && !chunk.is_state; }

  /// Computes the sum of own node `i`: run_piece(piece, sum) assigns that of a piece.
  template <class RunPiece>
  void add_up(std::size_t i, const RunPiece& run_piece) {
    const PieceTree::Node& node = tree_.nodes()[own_nodes_[i]];
    add_up(node.first, node.size, sums_[i], run_piece);
  }

  /// The elements of a chunk.
  [[nodiscard]] T* part_of(const Sum& sum, const Chunk& chunk) const {
    return chunk.is_state ? sum.state + (chunk.first - trained_) : sum.gradients + chunk.first;
  }
  /// Where another process's sum of a chunk of this slice arrives.
  [[nodiscard]] std::span<std::byte> room_for(std::size_t node, const Chunk& chunk) {
    AlignedArray<std::byte>& room = received_[node];
    if (room.size() == 0) room = AlignedArray<std::byte>(size_of(slice_size_) * sizeof(T));
    const Index size = is_rounded(chunk) ? Index{sizeof(Bfloat16)} : Index{sizeof(T)};
    return {room.data() + (chunk.first - slice_begin_) * Index{sizeof(T)},
            size_of(chunk.count * size)};
  }
  /// The sum over all pieces of `count` elements of a chunk of this slice from number `first` on,
  /// perhaps in `room`, which has `longest` elements.
  [[nodiscard]] const T* total(const Chunk& chunk, Index first, Index count, T* room) {
    return total(0, tree_.size(), chunk, first, count, room);
  }

 private:
  [[nodiscard]] static std::size_t size_of(Index count) { return static_cast<std::size_t>(count); }

  NN_COLD void make(Sum& sum, bool in_place) {
    sum.memory = AlignedArray<T>(size_of((in_place ? 0 : trained_) + state_size_));
    sum.gradients = in_place ? block_.gradients() : sum.memory.data();
    sum.state = sum.memory.data() + (in_place ? 0 : trained_);
    if (rounds_) sum.rounded = AlignedArray<Bfloat16>(size_of(trained_));
  }

  /// The sum over a part of the tree whose pieces are all of this process. Returns whether any has
  /// samples.
  template <class RunPiece>
  bool add_up(Index first, Index size, Sum& to, const RunPiece& run_piece) {
    if (first >= tree_.pieces() || tree_.samples_of(first, size, count_) == 0) return false;
    if (size == 1) {
      run_piece(first, to);
      return true;
    }
    const Index half = size / 2;
    if (!add_up(first, half, to, run_piece)) return add_up(first + half, half, to, run_piece);
    Sum right;
    if (scratch_.empty()) {
      make(right, false);
    } else {
      right = std::move(scratch_.back());
      scratch_.pop_back();
    }
    if (add_up(first + half, half, right, run_piece)) {
      kernels::add(trained_, to.gradients, right.gradients, to.gradients);
      kernels::add(state_size_, to.state, right.state, to.state);
    }
    scratch_.push_back(std::move(right));
    return true;
  }

  /// The sum over a part of the tree; null where none of its pieces has samples.
  [[nodiscard]] const T* total(Index part, Index size, const Chunk& chunk, Index first, Index count,
                               T* room) {
    if (part >= tree_.pieces() || tree_.samples_of(part, size, count_) == 0) return nullptr;
    const Index node = tree_.node_at(part, size);
    if (node >= 0) return total_of_node(size_of(node), chunk, first, count, room);
    const Index half = size / 2;
    const T* const left = total(part, half, chunk, first, count, room);
    if (left == nullptr) return total(part + half, half, chunk, first, count, room);
    T more_room[longest];
    const T* const right = total(part + half, half, chunk, first, count, more_room);
    if (right == nullptr) return left;
    for (Index i = 0; i < count; ++i) room[i] = left[i] + right[i];
    return room;
  }
  [[nodiscard]] const T* total_of_node(std::size_t node, const Chunk& chunk, Index first,
                                       Index count, T* room) {
    const auto own = std::find(own_nodes_.begin(), own_nodes_.end(), node);
    if (own != own_nodes_.end()) {
      const Sum& sum = sums_[static_cast<std::size_t>(own - own_nodes_.begin())];
      return part_of(sum, chunk) + (first - chunk.first);
    }
    const std::byte* const bytes = room_for(node, chunk).data();
    if (!is_rounded(chunk)) return reinterpret_cast<const T*>(bytes) + (first - chunk.first);
    const auto* const rounded = reinterpret_cast<const Bfloat16*>(bytes) + (first - chunk.first);
    for (Index i = 0; i < count; ++i) room[i] = static_cast<T>(from_bfloat16(rounded[i]));
    return room;
  }

  const PieceTree& tree_;
  const Index process_;
  ParameterBlock<T>& block_;
  const bool rounds_;
  const Index trained_, state_size_;
  const Index slice_begin_, slice_size_;
  std::vector<std::size_t> own_nodes_;
  bool has_one_piece_ = false;
  std::vector<Sum> sums_;                          // of own nodes
  std::vector<Sum> scratch_;                       // for sums of sums
  std::vector<AlignedArray<std::byte>> received_;  // of other nodes: this slice
  Index count_ = 0;                                // samples of the batch
};

}  // namespace nn::detail
