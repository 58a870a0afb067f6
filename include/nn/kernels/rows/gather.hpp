// SPDX-License-Identifier: MIT
// Copies chosen rows of a data set into a batch, converting numbers to scalars on the way.
#pragma once

#include <algorithm>
#include <cstddef>

#include "nn/core/config.hpp"
#include "nn/kernels/machine/blocks.hpp"

namespace nn::kernels {

/// Elements from one row to the next, and from one element of a row to the next.
struct RowSteps {
  Index row;
  Index element;
};

/// Reads a row as Ts: `size` numbers of some type, `step` of them apart.
template <Real T>
using ReadRow = void (*)(const void* row, Index step, Index size, T* to);

/// That for numbers of type From: T or another floating-point type, or integers that T holds. Bytes
/// become 0 .. 255.
template <class From, Real T>
void read_row(const void* row, Index step, Index size, T* to) {
  const From* const from = static_cast<const From*>(row);
  if (step == 1) {
    std::copy_n(from, size, to);
  } else {
    for (Index i = 0; i < size; ++i) to[i] = static_cast<T>(from[i * step]);
  }
}

/// Rows in memory, of numbers whose type `read` knows: the loops over rows are compiled once for
/// all types.
template <Real T>
struct RowSource {
  const void* data;
  Index row_bytes;  // from one row to the next
  Index step;       // from one number of a row to the next, in numbers
  Index row_size;
  ReadRow<T> read;
};

/// destination[i] = source[rows[i]] for i < count, each a row of `row_size` numbers. Without `rows`
/// (null) the first `count` rows.
template <Real T>
void gather_rows(const RowSource<T>& source, const Index* rows, Index count, T* destination) {
  for_each_row(count, source.row_size, [=](Index i) {
    const Index row = rows == nullptr ? i : rows[i];
    source.read(static_cast<const std::byte*>(source.data) + row * source.row_bytes, source.step,
                source.row_size, destination + i * source.row_size);
  });
}

}  // namespace nn::kernels
