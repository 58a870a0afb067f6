// SPDX-License-Identifier: MIT
// Rows of a table by their numbers, and what comes back to them.
#pragma once

#include <algorithm>

#include "nn/core/config.hpp"
#include "nn/core/num_threads.hpp"
#include "nn/core/parallel.hpp"
#include "nn/kernels/machine/blocks.hpp"

namespace nn::kernels {

/// A row number among floating-point numbers.
template <Real T>
[[nodiscard]] Index row_number(const T& number) {
  return static_cast<Index>(static_cast<double>(number));
}

/// y[i] = table[rows[i]]
/// table [.., size]   rows [count], whole numbers   y [count, size]
template <Real T>
void look_up_rows(const T* table, Index size, const T* rows, Index count, T* y) {
  for_each_row(count, size, [=](Index i) {
    std::copy_n(table + row_number(rows[i]) * size, size, y + i * size);
  });
}

/// sums[rows[i]] += dy[i], in the order of i.
/// dy [count, size]   rows [count], whole numbers   sums [.., size]
template <Real T>
void add_to_rows(const T* dy, Index size, const T* rows, Index count, T* sums) {
  // Each piece reads all numbers and takes its share of the table: no order of a sum depends on it.
  const Index pieces = count * size < block_size ? 1 : Index{num_threads()};
  parallel_for(pieces, [=](Index piece) {
    for (Index i = 0; i < count; ++i) {
      const Index row = row_number(rows[i]);
      if (row % pieces != piece) continue;
      const T* const from = dy + i * size;
      T* const to = sums + row * size;
      for (Index j = 0; j < size; ++j) to[j] += from[j];
    }
  });
}

/// y = 0.   y [count]
template <Real T>
void set_zero(Index count, T* y) {
  for_each_block(count, [=](Index first, Index size) { std::fill_n(y + first, size, T(0)); });
}

}  // namespace nn::kernels
