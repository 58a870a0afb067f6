// SPDX-License-Identifier: MIT
// What the kernel gradient of a convolution adds up: tiles of W pass over blocks of pixels.
#pragma once

#include <algorithm>
#include <array>

#include "nn/kernels/conv2d_cells.hpp"
#include "nn/kernels/conv2d_forward.hpp"
#include "nn/kernels/conv2d_gradient_plan.hpp"

namespace nn::kernels::detail {

/// Rectangles of output pixels in consecutive samples: their first x, their dy and the steps
/// between.
template <class T>
struct PixelBlock {
  Index num_samples, num_rows, num_pixels;
  const T* x;
  Index x_sample_step, x_row_step, x_step;
  const T* dy;
  Index dy_sample_step, dy_row_step, dy_step;
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
  Index* const offsets = scratch<Index>(ScratchUse::pixels, count);
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
    buffer = scratch<T>(ScratchUse::windows, most * image.size(input_window(s, 0, rows)));
  }
  for (list.size = 0; row < end_row && list.size < BlockList<T>::max_blocks; ++list.size) {
    const Index sample = row / s.out_height, first = row % s.out_height;
    const Index count = std::min(end_row - row, s.out_height - first);
    const ImageWindow window = input_window(s, first, first + count);
    const auto view = view_window(image, x + sample * image.size(), window, in_place, buffer);
    if (!in_place) buffer += image.size(window);
    const Index dy_row_step = s.out_width * s.out_channels;
    PixelBlock<T>& block = list.blocks[static_cast<std::size_t>(list.size)];
    block.num_samples = 1, block.num_rows = count, block.num_pixels = s.out_width;
    block.x_sample_step = block.dy_sample_step = 0;
    block.x = view.data, block.dy = dy + row * dy_row_step;
    block.x_row_step = s.stride_height * view.row_step,
    block.x_step = s.stride_width * s.in_channels;
    block.dy_row_step = dy_row_step, block.dy_step = s.out_channels;
    row += count;
  }
  return row;
}

/// What all threads share: the arguments and their plan.
template <class T>
struct KernelGradientTask {
  Isa set;
  const Conv2DShape& shape;
  KernelGradientPlan plan;
  const T* x;
  const T* dy;
  bool with_bias;
};

/// Adds the products of the listed pixels to the tiles of a group in a part's sums, and their
/// dy to its db.
template <class T>
void add_blocks(Isa set, const KernelGradientPlan& plan, const BlockList<T>& list,
                const Index* offsets, Index group, T* sums) {
  for (Index tile = plan.first_tile(group); tile < plan.first_tile(group + 1); ++tile) {
    const Index panel = tile / plan.num_row_tiles, row_tile = tile % plan.num_row_tiles;
    const Index channel = panel * plan.full_width, channels = plan.channels_of(panel);
    const Index* const tile_offsets = offsets + row_tile * plan.tile_rows;
    T* const dW = sums + plan.tile_offset(tile);
    T* const db = row_tile == 0 ? sums + plan.db_offset() + channel : nullptr;
    for (Index i = 0; i < list.size; ++i) {
      const PixelBlock<T>& block = list.blocks[static_cast<std::size_t>(i)];
      NN_DISPATCH_TO(set, kernel_gradient, block, plan.tile_rows, tile_offsets, channel, channels,
                     dW, db);
    }
  }
}

/// Adds the products of output rows from rows.first on to the tiles of a group in a part's sums,
/// and their dy to its db. Takes as many rows as a core's cache holds and returns the one after
/// them.
template <class T>
[[nodiscard]] Index add_cells(const KernelGradientTask<T>& task, Range rows, Index group, T* sums) {
  const Conv2DShape& s = task.shape;
  const KernelGradientPlan& plan = task.plan;
  const Index sample = rows.first / s.out_height, first = rows.first % s.out_height;
  const Index most = std::min(rows.size(), plan.rows_per_list);
  const Index num_samples = first == 0 ? std::max<Index>(1, most / s.out_height) : 1;
  const Index end = std::min(s.out_height, first + most);
  const Index num_rows = num_samples * (end - first), row_size = s.out_width * s.out_channels;
  for (Index row = rows.first; task.with_bias && group == 0 && row < rows.first + num_rows; ++row) {
    NN_DISPATCH_TO(task.set, add, row_size, task.dy + row * row_size, sums + plan.db_offset());
  }
  for (Index tile = plan.first_tile(group); tile < plan.first_tile(group + 1); ++tile) {
    const Index panel = tile / plan.num_row_tiles, row_tile = tile % plan.num_row_tiles;
    const Index cell = row_tile / plan.tiles_per_cell;
    const Index first_row = row_tile % plan.tiles_per_cell * plan.tile_rows;  // of the cell's
    Index offsets[std::size_t{kernel_gradient_tiles(64).odd}];
    for (Index r = 0; r < plan.tile_rows; ++r) {
      offsets[r] = std::min(first_row + r, s.in_channels - 1);
    }
    const CellPixels pixels = pixels_of_cell(s, cell, {0, s.height}, {first, end});
    PixelBlock<T> block;
    block.num_samples = num_samples;
    block.num_rows = pixels.num_rows, block.num_pixels = pixels.num_cols;
    block.x = task.x + sample * s.input_size() + pixels.first_input * s.in_channels;
    block.x_sample_step = s.input_size(), block.x_step = s.stride_width * s.in_channels;
    block.x_row_step = s.stride_height * s.width * s.in_channels;
    block.dy = task.dy + sample * s.output_size() + pixels.first_output * s.out_channels;
    block.dy_sample_step = s.output_size(), block.dy_row_step = row_size;
    block.dy_step = s.out_channels;
    T* const dW = sums + plan.tile_offset(tile);
    T* const db = nullptr;
    NN_DISPATCH_TO(task.set, kernel_gradient, block, plan.tile_rows, offsets,
                   panel * plan.full_width, plan.channels_of(panel), dW, db);
  }
  return rows.first + num_rows;
}

}  // namespace nn::kernels::detail
