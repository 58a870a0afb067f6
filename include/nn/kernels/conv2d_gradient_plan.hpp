// SPDX-License-Identifier: MIT
// How the kernel gradient of a convolution is cut into tiles of W and parts of the pixels.
#pragma once

#include <algorithm>

#include "nn/kernels/isa.hpp"
#include "nn/kernels/window_shape.hpp"

namespace nn::kernels::detail {

/// How many rows of W a tile may have. With two vectors each, large ones fill the registers.
struct TileRows {
  unsigned large, small;

  /// The one that covers `rows` rows with the fewest to spare.
  [[nodiscard]] constexpr Index best_for(Index rows) const {
    const auto covered = [rows](Index tile) { return (rows + tile - 1) / tile * tile; };
    return covered(small) < covered(large) ? small : large;
  }
};

[[nodiscard]] constexpr TileRows kernel_gradient_tiles(Index vector_bytes) {
  return vector_bytes == 64 ? TileRows{12, 9} : TileRows{5, 4};  // 9: a 3 x 3 kernel on one channel
}

/// The work is cut by the shape alone: into tiles of W, and parts of the output rows of all
/// samples, counted through. Each part adds up a dW of its own, and these are added at the end in
/// their order.
struct KernelGradientPlan {
  Index num_rows, tile_rows, num_row_tiles;  // of W [patch_size, out_channels]
  Index num_channels, vector_size, panel_width, num_panels;
  Index total_rows, rows_per_part, num_parts;  // of output rows
  Index num_groups;                            // that share a part's tiles, for more threads
  Index rows_per_list;                         // whose x and dy stay in a core's cache

  KernelGradientPlan(const Conv2DShape& s, Index vector_bytes, Index vector_elements)
      : num_rows(s.patch_size()),
        tile_rows(kernel_gradient_tiles(vector_bytes).best_for(num_rows)),
        num_row_tiles((num_rows + tile_rows - 1) / tile_rows),
        num_channels(s.out_channels),
        vector_size(vector_elements),
        panel_width(num_channels > vector_size ? 2 * vector_size : vector_size),
        num_panels((num_channels + panel_width - 1) / panel_width),
        total_rows(s.batch * s.out_height) {
    constexpr Index max_pieces = 16, min_products = Index{1} << 18;
    constexpr Index max_elements = Index{1} << 21, cached_elements = Index{1} << 16;
    const Index products = total_rows * s.out_width * num_rows * num_channels;
    const Index pieces = std::clamp<Index>(products / min_products, 1, max_pieces);
    const Index parts = std::clamp<Index>(max_elements / part_size(), 1, pieces);
    rows_per_part = std::max<Index>(1, (total_rows + parts - 1) / parts);
    num_parts = std::max<Index>(1, (total_rows + rows_per_part - 1) / rows_per_part);
    num_groups = std::clamp<Index>(pieces / num_parts, 1, num_tiles());
    const Index row_size = s.out_width * num_channels + s.stride_height * s.width * s.in_channels;
    rows_per_list = std::max<Index>(1, cached_elements / row_size);
  }

  [[nodiscard]] Index num_tiles() const { return num_row_tiles * num_panels; }
  [[nodiscard]] Index first_tile(Index group) const { return group * num_tiles() / num_groups; }
  [[nodiscard]] Index channels_of(Index panel) const {
    return std::min(panel_width, num_channels - panel * panel_width);
  }
  /// Elements from one row of a tile to the next.
  [[nodiscard]] Index width_of(Index panel) const {
    return channels_of(panel) > vector_size ? 2 * vector_size : vector_size;
  }
  /// Elements of a part: its dW, tile after tile, and its db.
  [[nodiscard]] Index part_size() const { return db_offset() + num_panels * panel_width; }
  [[nodiscard]] Index tile_offset(Index tile) const { return tile * tile_rows * panel_width; }
  [[nodiscard]] Index db_offset() const { return tile_offset(num_tiles()); }
};

}  // namespace nn::kernels::detail
