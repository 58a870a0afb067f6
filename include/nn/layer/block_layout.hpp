// SPDX-License-Identifier: MIT
// Where the parameters of a list lie in their block.
#pragma once

#include <array>
#include <cstddef>
#include <limits>

#include "nn/layer/parameter.hpp"

namespace nn::detail {

/// Deals out the places in a block: first all that is trained, then all that is frozen, then state,
/// each in the order of the list and from a cache line on. Quantised matrices have no place.
template <Real T>
class BlockLayout {
 public:
  using Entry = typename ParameterList<T>::Entry;

  /// Throws `ShapeError` for more elements than memory can have.
  explicit BlockLayout(const ParameterList<T>& list, NumberFormat format = NumberFormat::float32)
      : format_(format) {
    // Half of an index's range leaves room for the padding.
    constexpr Index most = std::numeric_limits<Index>::max() / 2 / static_cast<Index>(sizeof(T));
    std::array<Index, 3> sizes{};
    for (const Entry& entry : list.entries()) {
      if (is_quantized(entry)) continue;
      const Index count = entry.shape.num_elements();
      demand<ShapeError>(count <= most - size_, entry.name.c_str(),
                         "parameters of a size that memory can have", entry.shape.to_string());
      sizes[part_of(entry)] += padded(count);
      size_ += padded(count);
    }
    for (std::size_t i = 1; i < sizes.size(); ++i) {
      begins_[i] = next_[i] = begins_[i - 1] + sizes[i - 1];
    }
  }

  /// Elements, gaps included: of all, of what has a gradient, and of what is trained.
  [[nodiscard]] Index size() const { return size_; }
  [[nodiscard]] Index gradient_size() const { return begins_[2]; }
  [[nodiscard]] Index trained_size() const { return begins_[1]; }

  [[nodiscard]] bool is_quantized(const Entry& entry) const {
    return format_ != NumberFormat::float32 && entry.is_quantizable;
  }
  /// The offset of the next entry of the list.
  [[nodiscard]] Index take(const Entry& entry) {
    const Index offset = next_[part_of(entry)];
    next_[part_of(entry)] += padded(entry.shape.num_elements());
    return offset;
  }

 private:
  [[nodiscard]] static std::size_t part_of(const Entry& entry) {
    return static_cast<std::size_t>(entry.role);
  }
  [[nodiscard]] static Index padded(Index count) {
    return padded_bytes<T>(count) / static_cast<Index>(sizeof(T));
  }

  NumberFormat format_;
  std::array<Index, 3> next_{};    // the next place in each part, by role
  std::array<Index, 3> begins_{};  // where each part begins, before any place was taken
  Index size_ = 0;
};

}  // namespace nn::detail
