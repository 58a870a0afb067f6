// SPDX-License-Identifier: MIT
// Sums and products of counts, which a shape or a file may make as large as it likes.
#pragma once

#include <initializer_list>
#include <limits>
#include <new>

#include "nn/core/cold.hpp"
#include "nn/core/config.hpp"

namespace nn {

namespace detail {

// Out of the way of the many places that check.
[[noreturn]] NN_COLD inline void refuse_size() { throw std::bad_array_new_length{}; }

}  // namespace detail

/// a b c …, of counts of 0 or more that ask for memory. Throws `std::bad_array_new_length` where an
/// Index can't hold it: the memory would be smaller than what is written there.
[[nodiscard]] constexpr Index checked_product(std::initializer_list<Index> counts) {
  Index product = 1;
  for (const Index count : counts) {
    if (count < 0 || __builtin_mul_overflow(product, count, &product)) detail::refuse_size();
  }
  return product;
}

/// The same of a + b + c ….
[[nodiscard]] constexpr Index checked_sum(std::initializer_list<Index> counts) {
  Index sum = 0;
  for (const Index count : counts) {
    if (count < 0 || __builtin_add_overflow(sum, count, &sum)) detail::refuse_size();
  }
  return sum;
}

/// a b c …, of counts of 0 or more that tell how much work there is; the largest Index where that
/// can't hold it.
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
