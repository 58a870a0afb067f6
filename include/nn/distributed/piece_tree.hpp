// SPDX-License-Identifier: MIT
// The pieces that batches are cut in, who has them, and the order in which their gradients are
// added.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "nn/core/cold.hpp"
#include "nn/training/split.hpp"

namespace nn::detail {

/// Gradients of pieces are added in pairs: pieces 0 and 1, 2 and 3, then these sums, and so on. So
/// the order is that of the pieces, whichever process has them. A process adds up what it can, and
/// sends that: the largest parts of the tree in which all pieces are its own.
class PieceTree {
 public:
  /// A part of the tree: pieces first .. first + size - 1, as far as there are so many.
  struct Node {
    Index first;
    Index size;  // a power of 2
    Index process;
  };

  /// At least as many pieces as processes.
  NN_COLD PieceTree(Index pieces, Index processes) : pieces_(pieces), processes_(processes) {
    node_at_.assign(static_cast<std::size_t>(pieces), -1);
    for (Index process = 0; process < processes; ++process) {
      const Index end = begin_of(process + 1);
      for (Index first = begin_of(process); first < end;) {
        Index size = 1;
        while (first % (2 * size) == 0 && std::min(first + 2 * size, pieces) <= end &&
               first + size < pieces) {
          size *= 2;
        }
        node_at_[static_cast<std::size_t>(first)] = static_cast<Index>(nodes_.size());
        nodes_.push_back({first, size, process});
        first += size;
      }
    }
  }

  [[nodiscard]] Index pieces() const { return pieces_; }
  /// A power of 2: the number of pieces, rounded up.
  [[nodiscard]] Index size() const {
    return static_cast<Index>(std::bit_ceil(static_cast<std::uint64_t>(pieces_)));
  }
  [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
  [[nodiscard]] BatchShare share_of(Index process) const {
    return {.pieces = pieces_, .begin = begin_of(process), .end = begin_of(process + 1)};
  }

  /// Samples of a batch of `count` that a part of the tree has.
  [[nodiscard]] Index samples_of(Index first, Index size, Index count) const {
    const BatchShare all{.pieces = pieces_};
    return all.start_of(std::min(first + size, pieces_), count) - all.start_of(first, count);
  }

  /// The number of the node that is this part of the tree; -1 where the part is none.
  [[nodiscard]] Index node_at(Index first, Index size) const {
    const Index node = node_at_[static_cast<std::size_t>(first)];
    return node >= 0 && nodes_[static_cast<std::size_t>(node)].size >= size ? node : -1;
  }

 private:
  [[nodiscard]] Index begin_of(Index process) const { return pieces_ * process / processes_; }

  Index pieces_;
  Index processes_;
  std::vector<Node> nodes_;     // in the order of their pieces
  std::vector<Index> node_at_;  // of each piece, the node that begins with it; else -1
};

}  // namespace nn::detail
