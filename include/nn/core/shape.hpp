// SPDX-License-Identifier: MIT
// The sizes of a tensor, outermost first.
#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>
#include <string>

#include "nn/core/config.hpp"
#include "nn/core/error.hpp"

namespace nn {

/// Sizes of a tensor's axes, outermost first; a small value without heap memory. Shapes of samples
/// leave the batch axis out: `Shape{28, 28, 1}` describes one image of a `[N, 28, 28, 1]` tensor.
/// Throws `ShapeError` for a negative size or more than `max_rank` axes.
class Shape {
 public:
  static constexpr Index max_rank = 8;

  Shape() = default;
  Shape(std::initializer_list<Index> sizes) : Shape(sizes.begin(), sizes.end()) {}

  template <class Iterator>
  Shape(Iterator first, Iterator last) {
    for (; first != last; ++first) push_back(static_cast<Index>(*first));
  }

  [[nodiscard]] Index rank() const { return rank_; }
  [[nodiscard]] bool empty() const { return rank_ == 0; }
  [[nodiscard]] Index operator[](Index axis) const {
    NN_ASSERT(axis >= 0 && axis < rank_);
    return sizes_[static_cast<std::size_t>(axis)];
  }
  [[nodiscard]] Index back() const { return (*this)[rank_ - 1]; }
  [[nodiscard]] const Index* begin() const { return sizes_.data(); }
  [[nodiscard]] const Index* end() const { return sizes_.data() + rank_; }

  [[gnu::noinline]] void push_back(Index size) {
    if (rank_ == max_rank) refuse<ShapeError>({"Shape", "at most 8 axes", "more"});
    if (size < 0) {
      refuse<ShapeError>({"Shape", "sizes of 0 or more", size});
    }
    sizes_[static_cast<std::size_t>(rank_++)] = size;
  }

  /// Number of elements; 1 for a scalar. Throws `ShapeError` where the product overflows.
  [[nodiscard, gnu::noinline]] Index num_elements() const {
    Index product = 1;
    for (const Index size : *this) {
      if (size != 0 && product > std::numeric_limits<Index>::max() / size) {
        refuse<ShapeError>({"Shape", "a number of elements that fits 63 bits", to_string()});
      }
      product *= size;
    }
    return product;
  }

  /// The same shape with one more axis in front.
  [[nodiscard, gnu::noinline]] Shape with_batch(Index batch_size) const {
    Shape batched{batch_size};
    for (const Index size : *this) batched.push_back(size);
    return batched;
  }

  /// `[64, 13, 13, 4]`
  [[nodiscard]] NN_COLD std::string to_string() const {
    std::string text = "[";
    for (const Index size : *this) append(text, {text.size() > 1 ? ", " : "", size});
    append(text, "]");
    return text;
  }

  friend bool operator==(const Shape& a, const Shape& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  std::array<Index, max_rank> sizes_{};
  Index rank_ = 0;
};

/// Height and width; one number means both.
struct Size2D {
  Index height = 1;
  Index width = 1;

  constexpr Size2D() = default;
  constexpr Size2D(Index both)
      : height(both), width(both) {}  // NOLINT(google-explicit-constructor): 3 is {3, 3}
  constexpr Size2D(Index h, Index w) : height(h), width(w) {}

  friend bool operator==(const Size2D&, const Size2D&) = default;
  [[nodiscard]] std::string to_string() const { return concat({"(", height, ", ", width, ")"}); }
};

/// Depth, height and width; one number means all three.
struct Size3D {
  Index depth = 1;
  Index height = 1;
  Index width = 1;

  constexpr Size3D() = default;
  constexpr Size3D(Index all)
      : depth(all),
        height(all),
        width(all) {}  // NOLINT(google-explicit-constructor): 3 is {3, 3, 3}
  constexpr Size3D(Index d, Index h, Index w) : depth(d), height(h), width(w) {}

  friend bool operator==(const Size3D&, const Size3D&) = default;
  [[nodiscard]] std::string to_string() const {
    return concat({"(", depth, ", ", height, ", ", width, ")"});
  }
};

}  // namespace nn
