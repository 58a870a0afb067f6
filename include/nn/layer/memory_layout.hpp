// SPDX-License-Identifier: MIT
// Where the tensors of a pass lie in one block of memory.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "nn/core/checked.hpp"
#include "nn/core/config.hpp"

namespace nn {

/// Bytes that are in use from one moment of a pass to another.
struct MemoryBlock {
  Index num_bytes = 0;
  Index first = 0, last = 0;  ///< moments, from 0 on, both included
  bool is_kept = false;       ///< in use when forward ends; such blocks never share memory
  Index offset = 0;           ///< what `place_blocks` sets
};

namespace detail {

/// Sorts blocks: in one function, as every other order given to std::sort would be compiled anew.
NN_COLD inline void sort_blocks(std::vector<MemoryBlock*>& blocks,
                                bool (*is_before)(const MemoryBlock*, const MemoryBlock*)) {
  std::sort(blocks.begin(), blocks.end(), is_before);
}

/// The lowest offset from `offset` on where `block` meets none of `busy`, which it sorts.
[[nodiscard]] NN_COLD inline Index lowest_offset(const MemoryBlock& block, Index offset,
                                                 std::vector<MemoryBlock*>& busy) {
  sort_blocks(busy, [](const auto* a, const auto* b) { return a->offset < b->offset; });
  for (const MemoryBlock* other : busy) {
    if (other->offset >= offset + block.num_bytes) break;
    offset = std::max(offset, other->offset + other->num_bytes);
  }
  return offset;
}

}  // namespace detail

/// Places blocks so that no two share a byte at the same moment, and returns the size of the whole.
/// Kept blocks stand one behind the other, those that last longest first. The others follow, the
/// largest first, each at the lowest offset that is free (Pisarchyk and Lee 2020) above the kept
/// blocks that are in use at the time: where a backward pass has used up the later ones, gradients
/// take their place.
NN_COLD inline Index place_blocks(std::vector<MemoryBlock>& blocks) {
  Index num_moments = 0;
  for (const MemoryBlock& block : blocks) num_moments = std::max(num_moments, block.last + 1);
  // Behind the last kept block that is in use at a moment or later.
  std::vector<Index> floor(static_cast<std::size_t>(num_moments) + 1, 0);
  std::vector<MemoryBlock*> kept, others;
  for (MemoryBlock& block : blocks) {
    if (block.num_bytes > 0) (block.is_kept ? kept : others).push_back(&block);
  }
  detail::sort_blocks(kept, [](const auto* a, const auto* b) {
    return a->last != b->last ? a->last > b->last : a < b;
  });
  Index size = 0;
  for (MemoryBlock* block : kept) {
    block->offset = std::exchange(size, checked_sum({size, block->num_bytes}));
    floor[static_cast<std::size_t>(block->last)] = size;
  }
  for (std::size_t moment = floor.size() - 1; moment-- > 0;) {
    floor[moment] = std::max(floor[moment], floor[moment + 1]);
  }
  detail::sort_blocks(others, [](const auto* a, const auto* b) {
    return a->num_bytes != b->num_bytes ? a->num_bytes > b->num_bytes : a < b;
  });
  std::vector<std::vector<MemoryBlock*>> placed(static_cast<std::size_t>(num_moments));
  std::vector<MemoryBlock*> busy;
  for (MemoryBlock* block : others) {
    busy.clear();
    const auto first = static_cast<std::size_t>(block->first);
    const auto last = static_cast<std::size_t>(block->last);
    for (std::size_t moment = first; moment <= last; ++moment) {
      busy.insert(busy.end(), placed[moment].begin(), placed[moment].end());
    }
    block->offset = detail::lowest_offset(*block, floor[first], busy);
    size = std::max(size, checked_sum({block->offset, block->num_bytes}));
    for (std::size_t moment = first; moment <= last; ++moment) placed[moment].push_back(block);
  }
  return size;
}

/// Where the tensors of one kind of pass lie: offsets in bytes, by the numbers of a plan's values
/// and steps.
struct MemoryLayout {
  /// What it was made for.
  struct Key {
    std::uint64_t build_number = 0;  ///< the model's
    Index batch = 0;                 ///< samples
    bool training = false;
    bool for_loss = false;  ///< without the activations that losses take over

    [[nodiscard]] bool operator==(const Key&) const = default;
  };

  Key key;
  std::vector<Index> values;     ///< of each value
  std::vector<Index> gradients;  ///< of each value's gradient; in training
  std::vector<Index> addends;    ///< of gradients that are added to others; in training
  std::vector<Index> kept;       ///< of what each step's layer keeps
  std::vector<Index> masks;      ///< of each mask of steps
  Index num_bytes = 0;           ///< of the whole
};

/// The layouts of the last two kinds of passes: a run over samples has whole batches, and a last
/// one that may be smaller.
class LayoutCache {
 public:
  /// The layout of that key, made by `make(layout)` unless it is here. It stays in its place until
  /// two others have been asked for.
  template <class Make>
  [[nodiscard]] const MemoryLayout& get(const MemoryLayout::Key& key, const Make& make) {
    for (std::size_t i = 0; i < layouts_.size(); ++i) {
      if (layouts_[i].num_uses > 0 && layouts_[i].layout.key == key) return use(i);
    }
    const std::size_t older = layouts_[0].num_uses <= layouts_[1].num_uses ? 0 : 1;
    layouts_[older].num_uses = 0;  // so that it is not taken for one if `make` throws
    make(layouts_[older].layout);
    layouts_[older].layout.key = key;
    return use(older);
  }

 private:
  struct Entry {
    MemoryLayout layout;
    std::uint64_t num_uses = 0;  // of both layouts, when this one was last asked for; 0: empty
  };

  const MemoryLayout& use(std::size_t i) {
    layouts_[i].num_uses = ++num_uses_;
    return layouts_[i].layout;
  }

  std::array<Entry, 2> layouts_;
  std::uint64_t num_uses_ = 0;
};

}  // namespace nn
