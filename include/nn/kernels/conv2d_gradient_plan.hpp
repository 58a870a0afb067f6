// SPDX-License-Identifier: MIT
// How the kernel gradient of a convolution is cut into tiles of W and parts of the pixels.
#pragma once

#include <algorithm>

#include "nn/core/ceil_div.hpp"
#include "nn/kernels/conv2d_window.hpp"
#include "nn/kernels/window_shape.hpp"

namespace nn::kernels::detail {

/// How many rows of W a tile may have.
struct TileHeights {
  int usual, odd;

  /// The one that covers `rows` rows with the fewest to spare.
  [[nodiscard]] constexpr Index best_for(Index rows) const {
    const auto covered = [rows](Index tile) { return round_up(rows, tile); };
    return covered(odd) < covered(usual) ? odd : usual;
  }
};

[[nodiscard]] constexpr TileHeights kernel_gradient_tiles(Index vector_bytes) {
  // 9: a 3 x 3 kernel on one channel
  return vector_bytes == 64 ? TileHeights{8, 9} : TileHeights{5, 5};
}

/// The work is cut by the shape alone: into tiles of W, and parts of the output rows of all
/// samples, counted through. Each part adds up a dW of its own, and these are added at the end in
/// their order. With many input channels each cell of the kernel is a product of its own.
struct KernelGradientPlan {
  bool by_cell;
  Index rows_per_cell;                             // all rows of W unless by_cell
  Index tile_rows, tiles_per_cell, num_row_tiles;  // of W [patch_size, out_channels]
  Index num_rows, num_channels, vector_size, full_width, num_panels;
  Index total_rows, rows_per_part, num_parts;  // of output rows
  Index num_groups;                            // that share a part's tiles, for more threads
  Index rows_per_list;                         // whose x and dy stay in a core's cache
  Index num_dbs, db_size;  // of a part: one db for each output column if by_cell, else one

  [[nodiscard]] static bool has_many_channels(const Conv2DShape& s) { return s.in_channels >= 8; }

  /// `cached` elements stay in a core's cache.
  KernelGradientPlan(const Conv2DShape& s, Index vector_bytes, Index vector_elements, Index cached)
      : by_cell(has_many_channels(s)),
        rows_per_cell(by_cell ? s.in_channels : s.patch_size()),
        tile_rows(kernel_gradient_tiles(vector_bytes).best_for(rows_per_cell)),
        tiles_per_cell(ceil_div(rows_per_cell, tile_rows)),
        num_row_tiles(s.patch_size() / rows_per_cell * tiles_per_cell),
        num_rows(s.patch_size()),
        num_channels(s.out_channels),
        vector_size(vector_elements),
        full_width(2 * vector_size),
        num_panels(ceil_div(num_channels, full_width)),
        total_rows(s.batch * s.out_height),
        num_dbs(by_cell ? s.out_width : 1),
        db_size(by_cell ? num_dbs * num_channels : num_panels * full_width) {
    constexpr Index max_pieces = 16, min_products = Index{1} << 18;
    constexpr Index max_elements = Index{1} << 21;
    const Index products = total_rows * s.out_width * num_rows * num_channels;
    const Index pieces = std::clamp<Index>(products / min_products, 1, max_pieces);
    const Index parts = std::clamp<Index>(max_elements / part_size(), 1, pieces);
    rows_per_part = std::max<Index>(1, ceil_div(total_rows, parts));
    num_parts = std::max<Index>(1, ceil_div(total_rows, rows_per_part));
    num_groups = std::clamp<Index>(pieces / num_parts, 1, num_tiles());
    const Index row_size = s.out_width * num_channels + s.stride_height * s.width * s.in_channels;
    rows_per_list = std::max<Index>(1, cached / row_size);
  }

  [[nodiscard]] Index num_tiles() const { return num_row_tiles * num_panels; }
  [[nodiscard]] Index first_tile(Index group) const { return group * num_tiles() / num_groups; }
  [[nodiscard]] Index channels_of(Index panel) const {
    return std::min(full_width, num_channels - panel * full_width);
  }
  [[nodiscard]] Index row_tile(Index row) const {
    return row / rows_per_cell * tiles_per_cell + row % rows_per_cell / tile_rows;
  }
  [[nodiscard]] Index row_in_tile(Index row) const { return row % rows_per_cell % tile_rows; }
  /// Elements of a part: its dW, tile after tile, and its db.
  [[nodiscard]] Index part_size() const { return db_offset() + db_size; }
  [[nodiscard]] Index tile_offset(Index tile) const { return tile * tile_rows * full_width; }
  [[nodiscard]] Index db_offset() const { return tile_offset(num_tiles()); }
  /// What of a part's db a group of tiles adds to: with the first tile of each panel, or all of it.
  [[nodiscard]] Range db_range(Index group) const {
    if (by_cell) return {db_offset(), db_offset() + (group == 0 ? db_size : 0)};
    const auto offset = [&](Index tile) {
      return db_offset() + ceil_div(tile, num_row_tiles) * full_width;
    };
    return {offset(first_tile(group)), offset(first_tile(group + 1))};
  }
};

}  // namespace nn::kernels::detail
