// SPDX-License-Identifier: MIT
// Sums and products of counts that may overflow: a shape or a file can name any size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <new>

#include "nn/core/cold.hpp"
#include "nn/core/config.hpp"

namespace nn {

namespace detail {

/// The largest size of memory, as an Index: a pointer may have fewer bits (WebAssembly).
inline constexpr Index most_bytes =
    sizeof(std::size_t) < sizeof(Index)
        ? static_cast<Index>(std::numeric_limits<std::size_t>::max())
        : std::numeric_limits<Index>::max();

// Not inlined into the many callers.
[[noreturn]] NN_COLD inline void refuse_size() { throw std::bad_array_new_length{}; }

}  // namespace detail

/// The product a b c … of counts of 0 or more, as a size of memory. Throws
/// `std::bad_array_new_length` where it overflows: a wrapped size would be too small for what is
/// written there.
[[nodiscard]] constexpr Index checked_product(std::initializer_list<Index> counts) {
  Index product = 1;
  for (const Index count : counts) {
    if (count < 0 || __builtin_mul_overflow(product, count, &product)) detail::refuse_size();
  }
  if (product > detail::most_bytes) detail::refuse_size();
  return product;
}

/// The sum a + b + c …, likewise.
[[nodiscard]] constexpr Index checked_sum(std::initializer_list<Index> counts) {
  Index sum = 0;
  for (const Index count : counts) {
    if (count < 0 || __builtin_add_overflow(sum, count, &sum)) detail::refuse_size();
  }
  if (sum > detail::most_bytes) detail::refuse_size();
  return sum;
}

/// A number of bytes as a size of memory, likewise.
[[nodiscard]] constexpr std::size_t checked_size(std::uint64_t num_bytes) {
  return static_cast<std::size_t>(checked_sum({static_cast<Index>(num_bytes)}));
}

/// The product a b c … of counts of 0 or more, as an amount of work. Where it overflows, the
/// largest Index.
[[nodiscard]] constexpr Index saturated_product(std::initializer_list<Index> counts) {
  Index product = 1;
  bool is_too_large = false;
  for (const Index count : counts) {
    if (count == 0) return 0;
    is_too_large |= __builtin_mul_overflow(product, count, &product);
  }
  return is_too_large ? std::numeric_limits<Index>::max() : product;
}

}  // namespace nn
