// SPDX-License-Identifier: MIT
// Copies chosen rows of a data set into a batch, converting bytes to scalars on the way.
#pragma once

#include <algorithm>

#include "nn/core/config.hpp"
#include "nn/kernels/blocks.hpp"

namespace nn::kernels {

/// destination[i] = source[rows[i]] for i < count, each a row of `row_size` elements. Without
/// `rows` (null) the first `count` rows. `From` is T or an integer type; bytes become 0 .. 255.
template <class From, Real T>
void gather_rows(const From* source, Index row_size, const Index* rows, Index count,
                 T* destination) {
  for_each_row(count, row_size, [=](Index i) {
    const From* row = source + (rows == nullptr ? i : rows[i]) * row_size;
    std::transform(row, row + row_size, destination + i * row_size,
                   [](const From& value) { return static_cast<T>(value); });
  });
}

}  // namespace nn::kernels
