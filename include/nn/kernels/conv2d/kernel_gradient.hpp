// SPDX-License-Identifier: MIT
// The kernel gradient of a convolution.
#pragma once

#include <algorithm>

#include "nn/core/checked.hpp"
#include "nn/kernels/conv2d/cell_gradient.hpp"
#include "nn/kernels/conv2d/gradient_blocks.hpp"
#include "nn/kernels/machine/blocks.hpp"

namespace nn::kernels::detail {

/// dW and db from the sums of all parts.
template <class T>
void add_tiles(const TilePlan& plan, const T* sums, T* dW, T* db, bool accumulate) {
  const Index num_parts = plan.parts.num_parts;
  for_each_row(plan.num_rows, saturated_product({plan.num_channels, num_parts}), [&](Index row) {
    T* const out = dW + row * plan.num_channels;
    if (!accumulate) std::fill(out, out + plan.num_channels, T(0));
    for (Index panel = 0; panel < plan.num_panels; ++panel) {
      const Index channels = plan.channels_of(panel);
      const Index offset = plan.tile_offset(panel * plan.num_row_tiles + row / plan.tile_rows) +
                           row % plan.tile_rows * panel_width(plan.vector_size, channels);
      add_parts(num_parts, plan.part_size(), sums + offset, channels,
                out + panel * plan.full_width);
    }
  });
  if (db == nullptr) return;
  if (!accumulate) std::fill(db, db + plan.num_channels, T(0));
  add_parts(num_parts, plan.part_size(), sums + plan.db_offset(), plan.num_channels, db);
}

/// `conv2d_kernel_gradient` for few input channels.
template <class T>
void kernel_gradient_by_blocks(Isa isa, const Conv2DShape& s, const T* x, const T* dy, T* dW, T* db,
                               bool accumulate) {
  const Index vector_size = simd_size<T>(isa), vector_bytes = vector_size * Index{sizeof(T)};
  const TilePlan plan(s, vector_bytes, vector_size, cached_elements<T>());
  const Index window_cols = reads_padding(s) ? input_window(s, 0, 1).cols : s.width;
  const Scratch<Index> offsets = input_offsets(s, plan, window_cols);
  const Index num_groups = plan.parts.num_groups, num_parts = plan.parts.num_parts;
  const Scratch<T> all_sums(ScratchUse::partial_sums, num_parts, plan.part_size());

  parallel_for(num_parts * num_groups, [&](Index piece) {
    const Index part = piece / num_groups, group = piece % num_groups;
    T* const sums =
        all_sums.data() + part * plan.part_size();  // [tiles, tile_rows, width], then db
    const Range tiles = plan.tiles(group), db_range = plan.db_range(group);
    std::fill(sums + plan.tile_offset(tiles.first), sums + plan.tile_offset(tiles.end), T(0));
    std::fill(sums + db_range.first, sums + db_range.end, T(0));
    BlockList<T> list;
    Range rows = plan.parts.rows(part);
    const Scratch<T> copies = window_copies<T>(s, plan, rows.size());
    while (rows.size() > 0) {
      rows.first = list_blocks(s, plan, x, dy, rows.first, rows.end, copies.data(), list);
      add_blocks(isa, plan, list, offsets.data(), group, sums);
    }
  });
  add_tiles(plan, all_sums.data(), dW, db, accumulate);
}

template <class T>
void conv2d_kernel_gradient(Isa isa, const Conv2DShape& s, const T* x, const T* dy, T* dW, T* db,
                            bool accumulate) {
  const auto gradient =
      has_many_channels(s) ? kernel_gradient_by_cells<T> : kernel_gradient_by_blocks<T>;
  const MetCells met = met_cells(s);
  if (met.rows.size() == s.kernel_height && met.cols.size() == s.kernel_width) {
    return gradient(isa, s, x, dy, dW, db, accumulate);
  }
  // Cells that meet no pixel have the gradient 0, and cost neither work nor memory.
  const Conv2DShape part = shape_of_cells(s, met);
  const Index row_size = part.kernel_width * s.in_channels * s.out_channels;
  const Scratch<T> memory(ScratchUse::met_cells, part.kernel_height, row_size);
  T* const met_dW = memory.data();
  const auto for_each_met_row = [&](auto&& body) {
    for (Index row = 0; row < part.kernel_height; ++row) {
      const Index cell = (met.rows.first + row) * s.kernel_width + met.cols.first;
      body(dW + cell * s.in_channels * s.out_channels, met_dW + row * row_size);
    }
  };
  if (accumulate)
    for_each_met_row([&](T* of_dW, T* of_met) { std::copy_n(of_dW, row_size, of_met); });
  gradient(isa, part, x, dy, met_dW, db, accumulate);
  if (!accumulate) std::fill_n(dW, s.patch_size() * s.out_channels, T(0));
  for_each_met_row([&](T* of_dW, T* of_met) { std::copy_n(of_met, row_size, of_dW); });
}

}  // namespace nn::kernels::detail
