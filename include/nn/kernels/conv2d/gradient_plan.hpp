// SPDX-License-Identifier: MIT
// How the kernel gradient of a convolution is cut into parts of the pixels and of W.
#pragma once

#include <algorithm>

#include "nn/core/ceil_div.hpp"
#include "nn/core/checked.hpp"
#include "nn/kernels/conv2d/rows.hpp"
#include "nn/kernels/window_shape.hpp"

namespace nn::kernels::detail {

/// Rectangles of output pixels, with the first one's window in x and its dy.
template <class T>
struct PixelBlock {
  PixelGrid pixels;  // the y of its steps is dy
  const T *x, *dy;
};

/// A rectangle of output pixels in each of some samples, where x has rows of `x_row_size` elements.
[[nodiscard]] inline PixelGrid pixel_grid(const Conv2DShape& s, Index num_samples, Index num_rows,
                                          Index num_cols, Index x_row_size) {
  return {num_samples,
          num_rows,
          num_cols,
          {s.input_size(), s.stride_height * x_row_size, s.stride_width * s.in_channels},
          {s.output_size(), s.out_width * s.out_channels, s.out_channels}};
}

/// The output rows of all samples, counted through, are cut into parts by the shape alone. Each
/// part adds up a dW of its own, and these are added at the end in their order.
struct RowParts {
  Index total_rows, rows_per_part, num_parts;
  Index num_groups;  // that share a part's dW, for more threads

  /// For parts of `part_size` elements, whose dW at most `most_groups` can share.
  RowParts(const Conv2DShape& s, Index part_size, Index most_groups)
      : total_rows(s.batch * s.out_height) {
    constexpr Index max_pieces = 16, min_products = Index{1} << 18;
    constexpr Index max_elements = Index{1} << 21;
    const Index products =
        saturated_product({total_rows, s.out_width, s.patch_size(), s.out_channels});
    const Index pieces = std::clamp<Index>(products / min_products, 1, max_pieces);
    const Index parts = std::clamp<Index>(max_elements / part_size, 1, pieces);
    rows_per_part = std::max<Index>(1, ceil_div(total_rows, parts));
    num_parts = std::max<Index>(1, ceil_div(total_rows, rows_per_part));
    num_groups = std::clamp<Index>(pieces / num_parts, 1, most_groups);
  }

  [[nodiscard]] Range rows(Index part) const {
    const Index first = part * rows_per_part;
    return {first, std::min(total_rows, first + rows_per_part)};
  }
  /// A group's share of `count` things.
  [[nodiscard]] Range share(Index group, Index count) const {
    return {group * count / num_groups, (group + 1) * count / num_groups};
  }
};

/// to[i] += the sums of all parts, which lie `part_size` elements apart.
template <class T>
void add_parts(Index num_parts, Index part_size, const T* sums, Index count, T* to) {
  for (Index part = 0; part < num_parts; ++part, sums += part_size) {
    for (Index i = 0; i < count; ++i) to[i] += sums[i];
  }
}

}  // namespace nn::kernels::detail
