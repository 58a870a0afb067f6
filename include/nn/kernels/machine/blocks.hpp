// SPDX-License-Identifier: MIT
// How element-wise kernels share their work among the threads.
#pragma once

#include <algorithm>

#include "nn/core/ceil_div.hpp"
#include "nn/core/config.hpp"
#include "nn/core/parallel.hpp"

namespace nn::kernels {

/// Elements of a block: small enough for a core's own cache, large enough that starting one costs
/// nothing. A multiple of every vector's size, so only the last block ends in a partial vector.
inline constexpr Index block_size = 16384;

/// Calls body(first, size) for consecutive blocks of 0 .. count - 1, on all threads.
template <class Body>
void for_each_block(Index count, Body&& body) {
  parallel_for(ceil_div(count, block_size), [&](Index block) {
    const Index first = block * block_size;
    body(first, std::min(block_size, count - first));
  });
}

/// Calls body(row) for each of `rows` rows of `row_size` elements, on all threads.
template <class Body>
void for_each_row(Index rows, Index row_size, Body&& body) {
  const Index rows_per_piece = std::max<Index>(1, block_size / std::max<Index>(1, row_size));
  parallel_for(ceil_div(rows, rows_per_piece), [&](Index piece) {
    const Index end = std::min(rows, (piece + 1) * rows_per_piece);
    for (Index row = piece * rows_per_piece; row < end; ++row) body(row);
  });
}

}  // namespace nn::kernels
