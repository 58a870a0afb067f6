// SPDX-License-Identifier: MIT
// Categories as rows of zeros and ones, or of counts.
#pragma once

#include <algorithm>

#include "nn/kernels/machine/blocks.hpp"

namespace nn::kernels {

/// Row r of y has a 1 at each of the categories category_of(r cols) .. category_of(r cols + cols -
/// 1) or, with `counts`, how often it is among them; 0 elsewhere. Negative ones are none.   y
/// [rows, depth]
template <Real T, class CategoryOf>
void encode_categories(Index rows, Index cols, Index depth, bool counts,
                       const CategoryOf& category_of, T* y) {
  for_each_row(rows, depth + cols, [&](Index row) {
    T* const to = y + row * depth;
    std::fill_n(to, depth, T(0));
    for (Index k = 0; k < cols; ++k) {
      const Index category = category_of(row * cols + k);
      if (category >= 0) to[category] = counts ? to[category] + T(1) : T(1);
    }
  });
}

}  // namespace nn::kernels
