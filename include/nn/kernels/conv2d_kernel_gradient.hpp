// SPDX-License-Identifier: MIT
// The kernel gradient of a convolution.
#pragma once

#include <algorithm>

#include "nn/kernels/blocks.hpp"
#include "nn/kernels/conv2d_gradient_blocks.hpp"

namespace nn::kernels::detail {

/// dW and db from the sums of all parts.
template <class T>
void add_parts(const KernelGradientPlan& plan, const T* parts, T* dW, T* db, bool accumulate) {
  const auto add_up = [&](Index offset, Index count, T* out) {
    for (Index part = 0; part < plan.num_parts; ++part) {
      const T* const sums = parts + part * plan.part_size() + offset;
      for (Index i = 0; i < count; ++i) out[i] += sums[i];
    }
  };
  for_each_row(plan.num_rows, plan.num_channels * plan.num_parts, [&](Index row) {
    T* const out = dW + row * plan.num_channels;
    if (!accumulate) std::fill(out, out + plan.num_channels, T(0));
    for (Index panel = 0; panel < plan.num_panels; ++panel) {
      const Index channels = plan.channels_of(panel);
      const Index offset = plan.tile_offset(panel * plan.num_row_tiles + plan.row_tile(row)) +
                           plan.row_in_tile(row) * panel_width(plan.vector_size, channels);
      add_up(offset, channels, out + panel * plan.full_width);
    }
  });
  if (db == nullptr) return;
  if (!accumulate) std::fill(db, db + plan.num_channels, T(0));
  for (Index i = 0; i < plan.num_dbs; ++i) {
    add_up(plan.db_offset() + i * plan.num_channels, plan.num_channels, db);
  }
}

template <class T>
void conv2d_kernel_gradient(Isa set, const Conv2DShape& s, const T* x, const T* dy, T* dW, T* db,
                            bool accumulate) {
  const Index vector_size = simd_size<T>(set), vector_bytes = vector_size * Index{sizeof(T)};
  const KernelGradientPlan of_shape(s, vector_bytes, vector_size, cached_elements<T>());
  const KernelGradientTask<T> task{set, s, of_shape, x, dy, db != nullptr};
  const KernelGradientPlan& plan = task.plan;
  const ImageSize image{s.height, s.width, s.in_channels};
  const bool in_place = image.contains(input_window(s, 0, s.out_height));
  const Index window_cols = in_place ? s.width : input_window(s, 0, 1).cols;
  const Index* const offsets = plan.by_cell ? nullptr : input_offsets(s, plan, window_cols);
  T* const parts = scratch<T>(ScratchUse::partial_sums, plan.num_parts * plan.part_size());

  parallel_for(plan.num_parts * plan.num_groups, [&](Index piece) {
    const Index part = piece / plan.num_groups, group = piece % plan.num_groups;
    T* const sums = parts + part * plan.part_size();  // [tiles, tile_rows, width], then db
    const Range db_range = plan.db_range(group);
    std::fill(sums + plan.tile_offset(plan.first_tile(group)),
              sums + plan.tile_offset(plan.first_tile(group + 1)), T(0));
    std::fill(sums + db_range.first, sums + db_range.end, T(0));
    Range rows{part * plan.rows_per_part, 0};
    rows.end = std::min(plan.total_rows, rows.first + plan.rows_per_part);
    BlockList<T> list;
    while (rows.size() > 0) {
      if (plan.by_cell) {
        rows.first = add_cells(task, rows, group, sums);
      } else {
        rows.first = list_blocks(s, plan, x, dy, rows.first, rows.end, list);
        add_blocks(set, plan, list, offsets, group, sums);
      }
    }
  });
  add_parts(plan, parts, dW, db, accumulate);
}

}  // namespace nn::kernels::detail
