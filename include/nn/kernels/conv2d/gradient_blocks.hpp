// SPDX-License-Identifier: MIT
// The kernel gradient of a convolution with few input channels: tiles of W pass over blocks of
// pixels.
#pragma once

#include <algorithm>
#include <array>

#include "nn/kernels/conv2d/gradient_plan.hpp"
#include "nn/kernels/conv2d/input_windows.hpp"
#include "nn/kernels/conv2d/rows.hpp"
#include "nn/kernels/machine/cache.hpp"

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

/// W is cut into tiles, of some rows by the channels of a panel, which the groups of `parts` share
/// out.
struct TilePlan {
  Index tile_rows, num_row_tiles;  // of W [patch_size, out_channels]
  Index num_rows, num_channels, vector_size, full_width, num_panels;
  Index rows_per_list;  // whose x and dy stay in a core's cache
  RowParts parts;

  /// `cached` elements stay in a core's cache.
  TilePlan(const Conv2DShape& s, Index vector_bytes, Index vector_elements, Index cached)
      : tile_rows(kernel_gradient_tiles(vector_bytes).best_for(s.patch_size())),
        num_row_tiles(ceil_div(s.patch_size(), tile_rows)),
        num_rows(s.patch_size()),
        num_channels(s.out_channels),
        vector_size(vector_elements),
        full_width(2 * vector_size),
        num_panels(ceil_div(num_channels, full_width)),
        rows_per_list(std::max<Index>(
            1, cached / (s.out_width * num_channels + s.stride_height * s.width * s.in_channels))),
        parts(s, part_size(), num_tiles()) {}

  [[nodiscard]] Index num_tiles() const { return num_row_tiles * num_panels; }
  [[nodiscard]] Range tiles(Index group) const { return parts.share(group, num_tiles()); }
  [[nodiscard]] Index channels_of(Index panel) const {
    return std::min(full_width, num_channels - panel * full_width);
  }
  /// Elements of a part: its dW, tile after tile, and its db.
  [[nodiscard]] Index part_size() const {
    return checked_sum({checked_product({num_row_tiles, tile_rows, num_panels, full_width}),
                        num_panels * full_width});
  }
  [[nodiscard]] Index tile_offset(Index tile) const { return tile * tile_rows * full_width; }
  [[nodiscard]] Index db_offset() const { return tile_offset(num_tiles()); }
  /// Where in a part's db a group adds to: the first tile of each panel sums its dy.
  [[nodiscard]] Range db_range(Index group) const {
    const auto offset = [&](Index tile) {
      return db_offset() + ceil_div(tile, num_row_tiles) * full_width;
    };
    return {offset(tiles(group).first), offset(tiles(group).end)};
  }
};

}  // namespace nn::kernels::detail

#define NN_KERNEL_BODY "nn/kernels/conv2d/kernel_gradient.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels::detail {

/// For each row of W, which element of an output pixel's window it meets. Rows that only fill up
/// the last tile get the first element.
[[nodiscard]] inline Scratch<Index> input_offsets(const Conv2DShape& s, const TilePlan& plan,
                                                  Index window_cols) {
  const Index count = plan.num_row_tiles * plan.tile_rows;
  Scratch<Index> offsets(ScratchUse::pixels, count);
  std::fill_n(offsets.data(), count, Index{0});
  Index* offset = offsets.data();
  for (Index i = 0; i < s.kernel_height; ++i)
    for (Index j = 0; j < s.kernel_width; ++j) {
      const Index pixel = i * s.dilation_height * window_cols + j * s.dilation_width;
      for (Index c = 0; c < s.in_channels; ++c) *offset++ = pixel * s.in_channels + c;
    }
  return offsets;
}

/// Blocks of pixels that stay in a core's cache while all tiles of W pass over them.
template <class T>
struct BlockList {
  static constexpr Index max_blocks = 32;
  std::array<PixelBlock<T>, static_cast<std::size_t>(max_blocks)> blocks;
  Index size = 0;
};

/// Room for copies of all windows of a list of at most `num_rows` output rows; empty where windows
/// are read in place.
template <class T>
[[nodiscard]] Scratch<T> window_copies(const Conv2DShape& s, const TilePlan& plan, Index num_rows) {
  if (num_rows == 0 || !reads_padding(s)) return {};
  const Index rows = std::min(num_rows, plan.rows_per_list);
  const Index most = std::min(BlockList<T>::max_blocks, rows / s.out_height + 2);
  const ImageWindow largest = input_window(s, 0, std::min(rows, s.out_height));
  return Scratch<T>(ScratchUse::windows, most, largest.rows, largest.cols, s.in_channels);
}

/// Lists output rows from `row` on, until the list is full or `end_row` is reached, and returns the
/// row after them. Windows are copied to `copies`, unless that is null.
template <class T>
[[nodiscard]] Index list_blocks(const Conv2DShape& s, const TilePlan& plan, const T* x, const T* dy,
                                Index row, Index end_row, T* copies, BlockList<T>& list) {
  const ImageSize image{s.height, s.width, s.in_channels};
  const bool in_place = copies == nullptr;
  end_row = std::min(end_row, row + plan.rows_per_list);
  for (list.size = 0; row < end_row && list.size < BlockList<T>::max_blocks; ++list.size) {
    const Index sample = row / s.out_height, first = row % s.out_height;
    const Index count = std::min(end_row - row, s.out_height - first);
    const ImageWindow window = input_window(s, first, first + count);
    const auto view = view_window(image, x + sample * image.size(), window, in_place, copies);
    if (!in_place) copies += image.size(window);
    list.blocks[static_cast<std::size_t>(list.size)] = {
        pixel_grid(s, 1, count, s.out_width, view.row_step), view.data,
        dy + row * s.out_width * s.out_channels};
    row += count;
  }
  return row;
}

/// Adds the products of the listed pixels to the tiles of a group in a part's sums, and their
/// dy to its db.
template <class T>
void add_blocks(Isa isa, const TilePlan& plan, const BlockList<T>& list, const Index* offsets,
                Index group, T* sums) {
  const Range tiles = plan.tiles(group);
  for (Index tile = tiles.first; tile < tiles.end; ++tile) {
    const Index panel = tile / plan.num_row_tiles, row_tile = tile % plan.num_row_tiles;
    const Index channel = panel * plan.full_width, channels = plan.channels_of(panel);
    const Index* const tile_offsets = offsets + row_tile * plan.tile_rows;
    T* const dW = sums + plan.tile_offset(tile);
    T* const db = row_tile == 0 ? sums + plan.db_offset() + channel : nullptr;
    for (Index i = 0; i < list.size; ++i) {
      const PixelBlock<T>& block = list.blocks[static_cast<std::size_t>(i)];
      NN_DISPATCH_TO(isa, kernel_gradient, block, plan.tile_rows, tile_offsets, channel, channels,
                     dW, db);
    }
  }
}

}  // namespace nn::kernels::detail
