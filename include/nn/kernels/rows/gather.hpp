// SPDX-License-Identifier: MIT
// Copies chosen rows of a data set into a batch, converting bytes to scalars on the way.
#pragma once

#include <algorithm>

#include "nn/core/config.hpp"
#include "nn/kernels/machine/blocks.hpp"

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

/// Elements from one row to the next, and from one element of a row to the next.
struct RowSteps {
  Index row;
  Index element;
};

/// The same for rows that are spread over a matrix, as those of a column-major one.
template <class From, Real T>
void gather_spaced_rows(const From* source, RowSteps steps, Index row_size, const Index* rows,
                        Index count, T* destination) {
  for_each_row(count, row_size, [=](Index i) {
    const From* row = source + (rows == nullptr ? i : rows[i]) * steps.row;
    for (Index k = 0; k < row_size; ++k) {
      destination[i * row_size + k] = static_cast<T>(row[k * steps.element]);
    }
  });
}

}  // namespace nn::kernels
