// SPDX-License-Identifier: MIT
// The kernel gradient of a convolution with many input channels: a matrix product for each cell of
// the kernel, between the input pixels that it lies on and the dy of their output pixels.
#pragma once

#include <algorithm>

#include "nn/core/checked.hpp"
#include "nn/kernels/conv2d/gradient_plan.hpp"
#include "nn/kernels/elementwise/elementwise.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/product/kernels.hpp"

namespace nn::kernels::detail {

/// The pixels of a block as the product reads them.
template <class T>
struct PackedPixels {
  T* x;   // in tiles of channels
  T* dy;  // in panels of channels
};

/// What a thread reads after a block, to prefetch; may be empty.
template <class T>
struct NextPixels {
  Matrix<const T> x{}, dy{};
};

}  // namespace nn::kernels::detail

#define NN_KERNEL_BODY "nn/kernels/conv2d/cell_gradient.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels::detail {

/// Those of the outputs whose cell lies on one of the inputs: that of output q lies on input
/// q stride + offset.
[[nodiscard]] inline Range outputs_on(Range inputs, Range outputs, Index stride, Index offset) {
  const auto first_from = [&](Index input) {  // first output q >= 0 with q stride + offset >= input
    return input <= offset ? 0 : ceil_div(input - offset, stride);
  };
  return {std::max(outputs.first, first_from(inputs.first)),
          std::min(outputs.end, first_from(inputs.end))};
}

/// A rectangle of output pixels and the input pixels under one of their cells: the first of each,
/// counted from the first pixel of the sample.
struct CellPixels {
  Index num_rows, num_cols, first_input, first_output;
};

/// The output pixels whose cell lies on the image, among these rows and columns.
[[nodiscard]] inline CellPixels pixels_of_cell(const Conv2DShape& s, Index cell, Range output_rows,
                                               Range output_cols) {
  const Index top = cell / s.kernel_width * s.dilation_height - s.pad_top;
  const Index left = cell % s.kernel_width * s.dilation_width - s.pad_left;
  const Range rows = outputs_on({0, s.height}, output_rows, s.stride_height, top);
  const Range cols = outputs_on({0, s.width}, output_cols, s.stride_width, left);
  return {rows.size(), cols.size(),
          (rows.first * s.stride_height + top) * s.width + cols.first * s.stride_width + left,
          rows.first * s.out_width + cols.first};
}

/// Whether each cell of the kernel is worth a product of its own.
[[nodiscard]] inline bool has_many_channels(const Conv2DShape& s) { return s.in_channels >= 8; }

/// The length of the pieces when `size` is cut as evenly as can be into pieces of at most `most`.
[[nodiscard]] inline Index even_piece(Index size, Index most) {
  return std::max<Index>(1, ceil_div(size, ceil_div(std::max<Index>(1, size), most)));
}

/// W is cut into slices, of one cell and some of its input channels, which the groups of `parts`
/// share out; the output into blocks of no more pixels than a chunk of the product has steps.
struct CellPlan {
  static constexpr Index most_channels = 128;  // of a slice
  Index width;                                 // of a row of sums: out_channels in whole vectors
  Index slices_per_cell, num_slices;
  Index cols_per_block, rows_per_block;  // rows of one sample, or of several whole ones
  Index dW_size, db_size;  // of a part: [patch_size, width] and [out_width, out_channels]
  RowParts parts;

  CellPlan(const Conv2DShape& s, Index vector_size)
      : width(round_up(s.out_channels, vector_size)),
        slices_per_cell(ceil_div(s.in_channels, most_channels)),
        num_slices(s.kernel_height * s.kernel_width * slices_per_cell),
        cols_per_block(even_piece(s.out_width, chunk_depth)),
        rows_per_block(chunk_depth / cols_per_block),
        dW_size(checked_product({s.patch_size(), width})),
        db_size(s.out_width * s.out_channels),
        parts(s, part_size(), num_slices) {
    if (rows_per_block < s.out_height) rows_per_block = even_piece(s.out_height, rows_per_block);
  }

  [[nodiscard]] Index part_size() const { return dW_size + db_size; }
  /// The first row of W in a slice.
  [[nodiscard]] Index first_row(Index slice, Index in_channels) const {
    return slice / slices_per_cell * in_channels + slice % slices_per_cell * most_channels;
  }
};

/// A rectangle of the output in each of some samples.
struct OutputBlock {
  Range samples, rows, cols;
};

/// What all threads share: the arguments and their plan.
template <class T>
struct CellTask {
  Isa isa;
  const Conv2DShape& shape;
  CellPlan plan;
  const T* x;
  const T* dy;
};

/// The pixels of the block that begins with the first of `rows`, which count through all samples.
template <class T>
[[nodiscard]] NextPixels<T> first_pixels(const CellTask<T>& task, Range rows) {
  const Conv2DShape& s = task.shape;
  const Index count = std::min(rows.size(), task.plan.rows_per_block);
  const Index sample = rows.first / s.out_height, row = rows.first % s.out_height;
  const Index x_row = s.width * s.in_channels, dy_row = s.out_width * s.out_channels;
  return {{task.x + sample * s.input_size() + row * s.stride_height * x_row, 1,
           count * s.stride_height * x_row},
          {task.dy + rows.first * dy_row, 1, count * dy_row}};
}

/// Adds the products of a block's pixels to the sums of some slices. `next` is what follows.
template <class T>
void add_slices(const CellTask<T>& task, Range slices, const OutputBlock& block,
                const NextPixels<T>& next, const PackedPixels<T>& packed, T* sums) {
  const Conv2DShape& s = task.shape;
  const CellPlan& plan = task.plan;
  const T* const x = task.x + block.samples.first * s.input_size();
  const T* const dy = task.dy + block.samples.first * s.output_size();
  PixelBlock<T> packed_pixels{};
  for (Index slice = slices.first; slice < slices.end; ++slice) {
    const CellPixels cell = pixels_of_cell(s, slice / plan.slices_per_cell, block.rows, block.cols);
    if (cell.num_rows == 0 || cell.num_cols == 0) continue;
    const T* const cell_dy = dy + cell.first_output * s.out_channels;
    const PixelGrid& last = packed_pixels.pixels;  // of the slice before
    const bool packs_dy = packed_pixels.dy != cell_dy || last.num_rows != cell.num_rows ||
                          last.num_cols != cell.num_cols;
    const Index channel = slice % plan.slices_per_cell * plan.most_channels;
    packed_pixels = {
        pixel_grid(s, block.samples.size(), cell.num_rows, cell.num_cols, s.width * s.in_channels),
        x + cell.first_input * s.in_channels + channel, cell_dy};
    const Matrix<T> slice_sums(sums + plan.first_row(slice, s.in_channels) * plan.width,
                               std::min(plan.most_channels, s.in_channels - channel), plan.width);
    const bool is_last = slice == slices.end - 1;
    NN_DISPATCH_TO(task.isa, add_cell_gradient, packed_pixels, s.out_channels, packs_dy, packed,
                   is_last ? next : NextPixels<T>{}, slice_sums);
  }
}

/// Adds the products of some output rows to the sums of some slices, and their dy to `db`, unless
/// it is null.
template <class T>
void add_rows(const CellTask<T>& task, Range rows, Range slices, T* sums, T* db) {
  constexpr Index largest_tile = 16;
  const Conv2DShape& s = task.shape;
  const CellPlan& plan = task.plan;
  const Index most_channels = std::min(plan.most_channels, s.in_channels);
  const Scratch<T> packed_x(ScratchUse::packed_a, round_up(most_channels, largest_tile),
                            chunk_depth);
  const Scratch<T> packed_dy(ScratchUse::packed_b, plan.width, chunk_depth);
  const PackedPixels<T> packed{packed_x.data(), packed_dy.data()};
  while (rows.size() > 0) {
    const Index sample = rows.first / s.out_height, first = rows.first % s.out_height;
    const Index most = std::min(rows.size(), plan.rows_per_block);
    const Index num_samples = first == 0 ? std::max<Index>(1, most / s.out_height) : 1;
    OutputBlock block{
        {sample, sample + num_samples}, {first, std::min(s.out_height, first + most)}, {0, 0}};
    const Index end = rows.first + num_samples * block.rows.size();
    const NextPixels<T> next = first_pixels(task, {end, rows.end});
    for (; block.cols.end < s.out_width; block.cols.first = block.cols.end) {
      block.cols.end = std::min(s.out_width, block.cols.first + plan.cols_per_block);
      add_slices(task, slices, block, next, packed, sums);
    }
    for (; rows.first < end; ++rows.first) {
      if (db == nullptr) continue;
      NN_DISPATCH_TO(task.isa, add, plan.db_size, task.dy + rows.first * plan.db_size, db);
    }
  }
}

/// `conv2d_kernel_gradient` for many input channels.
template <class T>
void kernel_gradient_by_cells(Isa isa, const Conv2DShape& s, const T* x, const T* dy, T* dW, T* db,
                              bool accumulate) {
  const CellTask<T> task{isa, s, CellPlan(s, simd_size<T>(isa)), x, dy};
  const CellPlan& plan = task.plan;
  const RowParts& parts = plan.parts;
  const Scratch<T> memory(ScratchUse::partial_sums, parts.num_parts, plan.part_size());
  T* const all_sums = memory.data();
  parallel_for(parts.num_parts * parts.num_groups, [&](Index piece) {
    const Index part = piece / parts.num_groups, group = piece % parts.num_groups;
    const Range slices = parts.share(group, plan.num_slices);
    T* const sums = all_sums + part * plan.part_size();
    T* const db_sums = group == 0 && db != nullptr ? sums + plan.dW_size : nullptr;
    std::fill(sums + plan.first_row(slices.first, s.in_channels) * plan.width,
              sums + plan.first_row(slices.end, s.in_channels) * plan.width, T(0));
    if (db_sums != nullptr) std::fill_n(db_sums, plan.db_size, T(0));
    add_rows(task, parts.rows(part), slices, sums, db_sums);
  });

  for_each_row(s.patch_size(), saturated_product({s.out_channels, parts.num_parts}),
               [&](Index row) {
                 T* const out = dW + row * s.out_channels;
                 if (!accumulate) std::fill(out, out + s.out_channels, T(0));
                 add_parts(parts.num_parts, plan.part_size(), all_sums + row * plan.width,
                           s.out_channels, out);
               });
  if (db == nullptr) return;
  if (!accumulate) std::fill(db, db + s.out_channels, T(0));
  for (Index col = 0; col < s.out_width; ++col) {
    add_parts(parts.num_parts, plan.part_size(), all_sums + plan.dW_size + col * s.out_channels,
              s.out_channels, db);
  }
}

}  // namespace nn::kernels::detail
