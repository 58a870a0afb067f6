// SPDX-License-Identifier: MIT
// How the output of a convolution, or of its input gradient, is cut into bands of rows.
#pragma once

#include <algorithm>

#include "nn/core/ceil_div.hpp"
#include "nn/core/checked.hpp"
#include "nn/kernels/conv2d/rows.hpp"
#include "nn/kernels/machine/cache.hpp"
#include "nn/kernels/window_shape.hpp"

namespace nn::kernels::detail {

/// Some rows of one sample, or all rows of several ones.
struct Band {
  Index sample, num_samples;
  Range rows;

  [[nodiscard]] Index num_rows() const { return num_samples * rows.size(); }  // of all samples
};

/// Calls body(first element, number) for the runs of consecutive elements that make up `channels`
/// of each of `pixels`, which have `pixel_size` elements.
template <class Body>
void for_each_run(Range pixels, Range channels, Index pixel_size, Body&& body) {
  if (channels.size() == pixel_size) {
    return body(pixels.first * pixel_size, pixels.size() * pixel_size);
  }
  for (Index p = pixels.first; p < pixels.end; ++p) {
    body(p * pixel_size + channels.first, channels.size());
  }
}

/// How rows (of all samples, counted through) and panels of channels are cut into pieces of work,
/// and these into bands. Panels are shared out where the kernel outgrows a core's cache.
struct BandPlan {
  static constexpr Index usual_pixels = 4096;  // of a band: its list stays in a core's cache
  Index rows_per_sample, total_rows, rows_per_piece, num_panels, num_groups;
  Index rows_per_band, samples_per_band;

  /// For a batch of images [num_rows, num_cols], each computed from `pixels` products with the
  /// whole kernel. A band has at most `most_pixels`, unless a row has more.
  template <class T>
  BandPlan(const PackedKernel<T>& kernel, Index batch, Index num_rows, Index num_cols, Index pixels,
           Index most_pixels)
      : rows_per_sample(num_rows), total_rows(batch * num_rows), num_panels(kernel.num_panels()) {
    const Index kernel_size = kernel.num_rows * kernel.num_channels;
    const Index products = saturated_product({batch, pixels, kernel_size});
    const bool shares_panels = kernel_size > 4 * cached_elements<T>();
    constexpr Index max_pieces = 64, min_products = Index{1} << 15;
    const Index pieces = std::clamp<Index>(products / min_products, 1, max_pieces);
    num_groups = shares_panels ? std::min(num_panels, pieces) : 1;
    const Index row_pieces = std::max<Index>(1, pieces / num_groups);
    rows_per_piece = std::max<Index>(1, ceil_div(total_rows, row_pieces));
    cut_bands(num_cols, most_pixels);
  }
  /// In pieces of so many rows, with all channels.
  BandPlan(Index batch, Index num_rows, Index num_cols, Index piece_rows, Index most_pixels)
      : rows_per_sample(num_rows),
        total_rows(batch * num_rows),
        rows_per_piece(piece_rows),
        num_panels(1),
        num_groups(1) {
    cut_bands(num_cols, most_pixels);
  }

  [[nodiscard]] Index count() const { return ceil_div(total_rows, rows_per_piece) * num_groups; }
  [[nodiscard]] Range panels(Index piece) const {
    const Index group = piece % num_groups;
    return {group * num_panels / num_groups, (group + 1) * num_panels / num_groups};
  }
  /// Calls body(band) for each band of a piece's rows.
  template <class Body>
  void for_each_band(Index piece, Body&& body) const {
    Index row = piece / num_groups * rows_per_piece;
    const Index end = std::min(total_rows, row + rows_per_piece);
    while (row < end) {
      const Index first = row % rows_per_sample;
      const Index count = std::min({end - row, rows_per_sample - first, rows_per_band});
      const Index num_samples =
          count < rows_per_sample ? 1 : std::min((end - row) / count, samples_per_band);
      body(Band{row / rows_per_sample, num_samples, {first, first + count}});
      row += num_samples * count;
    }
  }

 private:
  void cut_bands(Index num_cols, Index most_pixels) {
    const Index most_rows = std::max<Index>(1, most_pixels / std::max<Index>(1, num_cols));
    rows_per_band = std::max<Index>(1, std::min({rows_per_sample, rows_per_piece, most_rows}));
    samples_per_band = std::max<Index>(1, std::min(rows_per_piece, most_rows) / rows_per_band);
  }
};

}  // namespace nn::kernels::detail
