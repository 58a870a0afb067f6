// SPDX-License-Identifier: MIT
// The kernel gradient of a convolution: tiles of W pass over blocks of pixels.
#pragma once

#include <algorithm>
#include <array>

#include "nn/kernels/blocks.hpp"
#include "nn/kernels/conv2d_forward.hpp"
#include "nn/kernels/conv2d_gradient_plan.hpp"

namespace nn::kernels::detail {

/// Neighbouring output pixels of one sample: their first inputs, their slopes and the steps
/// between.
template <class T>
struct PixelBlock {
  Index num_rows, num_pixels;
  const T* x;
  Index x_row_step, x_step;
  const T* dy;
  Index dy_row_step, dy_step;
};

}  // namespace nn::kernels::detail

#define NN_KERNEL_BODY "nn/kernels/conv2d_kernel_gradient.inc"
#include "nn/kernels/for_each_isa.hpp"
#undef NN_KERNEL_BODY

namespace nn::kernels::detail {

/// Where each row of W finds its input, counted from an output pixel's first one; rows that only
/// fill up the last tile read that first one. In this thread's memory.
[[nodiscard]] inline const Index* input_offsets(const Conv2DShape& s,
                                                const KernelGradientPlan& plan, Index window_cols) {
  const Index count = plan.num_row_tiles * plan.tile_rows;
  Index* const offsets = scratch<Index>(ScratchUse::other, count);
  std::fill(offsets, offsets + count, Index{0});
  Index row = 0;
  for (Index i = 0; i < s.kernel_height; ++i)
    for (Index j = 0; j < s.kernel_width; ++j) {
      const Index pixel = i * s.dilation_height * window_cols + j * s.dilation_width;
      for (Index c = 0; c < s.in_channels; ++c) offsets[row++] = pixel * s.in_channels + c;
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

/// Lists output rows from `row` on, until the list or `end_row` is reached, and returns the row
/// after them. Copies of windows go to this thread's memory.
template <class T>
[[nodiscard]] Index list_blocks(const Conv2DShape& s, const KernelGradientPlan& plan, const T* x,
                                const T* dy, Index row, Index end_row, BlockList<T>& list) {
  const ImageSize image{s.height, s.width, s.in_channels};
  const bool in_place = image.contains(input_window(s, 0, s.out_height));
  end_row = std::min(end_row, row + plan.rows_per_list);
  T* buffer = nullptr;
  if (!in_place) {
    const Index rows = std::min(end_row - row, s.out_height);  // of the largest block
    const Index most = std::min(BlockList<T>::max_blocks, (end_row - row) / s.out_height + 2);
    buffer = scratch<T>(ScratchUse::patches, most * image.size(input_window(s, 0, rows)));
  }
  for (list.size = 0; row < end_row && list.size < BlockList<T>::max_blocks; ++list.size) {
    const Index sample = row / s.out_height, first = row % s.out_height;
    const Index count = std::min(end_row - row, s.out_height - first);
    const Window window = input_window(s, first, first + count);
    const auto view = view_window(image, x + sample * image.size(), window, in_place, buffer);
    if (!in_place) buffer += image.size(window);
    const Index dy_row_step = s.out_width * s.out_channels;
    PixelBlock<T>& block = list.blocks[static_cast<std::size_t>(list.size)];
    block.num_rows = count, block.num_pixels = s.out_width;
    block.x = view.data, block.dy = dy + row * dy_row_step;
    block.x_row_step = s.stride_height * view.row_step,
    block.x_step = s.stride_width * s.in_channels;
    block.dy_row_step = dy_row_step, block.dy_step = s.out_channels;
    row += count;
  }
  return row;
}

/// Zeros for the tiles of a group, and for the db of the panels that begin with one of them: what
/// this group alone adds to.
template <class T>
void clear_tiles(const KernelGradientPlan& plan, Index group, T* sums) {
  const Index first = plan.first_tile(group), last = plan.first_tile(group + 1);
  std::fill(sums + plan.tile_offset(first), sums + plan.tile_offset(last), T(0));
  for (Index tile = first; tile < last; ++tile) {
    if (tile % plan.num_row_tiles != 0) continue;
    T* const db = sums + plan.db_offset() + tile / plan.num_row_tiles * plan.panel_width;
    std::fill(db, db + plan.panel_width, T(0));
  }
}

/// Adds the products of the listed pixels to the tiles of a group in a part's sums, and their
/// slopes to its db if that is wanted.
template <class T>
void add_blocks(Isa set, const KernelGradientPlan& plan, const BlockList<T>& list,
                const Index* offsets, Index group, bool with_bias, T* sums) {
  for (Index tile = plan.first_tile(group); tile < plan.first_tile(group + 1); ++tile) {
    const Index panel = tile / plan.num_row_tiles, row_tile = tile % plan.num_row_tiles;
    const Index channel = panel * plan.panel_width, channels = plan.channels_of(panel);
    const Index* const tile_offsets = offsets + row_tile * plan.tile_rows;
    T* const dW = sums + plan.tile_offset(tile);
    T* const db = with_bias && row_tile == 0 ? sums + plan.db_offset() + channel : nullptr;
    for (Index i = 0; i < list.size; ++i) {
      const PixelBlock<T>& block = list.blocks[static_cast<std::size_t>(i)];
      NN_DISPATCH_TO(set, kernel_gradient, block, plan.tile_rows, tile_offsets, channel, channels,
                     dW, db);
    }
  }
}

/// dW and db from the sums of all parts.
template <class T>
void add_parts(const KernelGradientPlan& plan, const T* parts, T* dW, T* db, bool accumulate) {
  const auto add_up = [&](Index offset, Index count, T* out) {
    if (!accumulate) std::fill(out, out + count, T(0));
    for (Index part = 0; part < plan.num_parts; ++part) {
      const T* const sums = parts + part * plan.part_size() + offset;
      for (Index i = 0; i < count; ++i) out[i] += sums[i];
    }
  };
  for_each_row(plan.num_rows, plan.num_channels * plan.num_parts, [&](Index row) {
    const Index row_tile = row / plan.tile_rows, row_in_tile = row % plan.tile_rows;
    for (Index panel = 0; panel < plan.num_panels; ++panel) {
      const Index tile = plan.tile_offset(panel * plan.num_row_tiles + row_tile);
      add_up(tile + row_in_tile * plan.width_of(panel), plan.channels_of(panel),
             dW + row * plan.num_channels + panel * plan.panel_width);
    }
  });
  if (db != nullptr) add_up(plan.db_offset(), plan.num_channels, db);
}

template <class T>
void conv2d_kernel_gradient(Isa set, const Conv2DShape& s, const T* x, const T* dy, T* dW, T* db,
                            bool accumulate) {
  const Index vector_size = simd_size<T>(set);
  const KernelGradientPlan plan(s, vector_size * static_cast<Index>(sizeof(T)), vector_size);
  const ImageSize image{s.height, s.width, s.in_channels};
  const bool in_place = image.contains(input_window(s, 0, s.out_height));
  const Index* const offsets =
      input_offsets(s, plan, in_place ? s.width : input_window(s, 0, 1).cols);
  T* const parts = scratch<T>(ScratchUse::partial_sums, plan.num_parts * plan.part_size());

  parallel_for(plan.num_parts * plan.num_groups, [&](Index piece) {
    const Index part = piece / plan.num_groups, group = piece % plan.num_groups;
    T* const sums = parts + part * plan.part_size();  // [tiles, tile_rows, width], then db
    clear_tiles(plan, group, sums);
    Index row = part * plan.rows_per_part;
    const Index end_row = std::min(plan.total_rows, row + plan.rows_per_part);
    BlockList<T> list;
    while (row < end_row) {
      row = list_blocks(s, plan, x, dy, row, end_row, list);
      add_blocks(set, plan, list, offsets, group, db != nullptr, sums);
    }
  });
  add_parts(plan, parts, dW, db, accumulate);
}

}  // namespace nn::kernels::detail
