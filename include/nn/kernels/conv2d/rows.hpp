// SPDX-License-Identifier: MIT
// The inner kernel of convolution and of its input gradient: rows of output pixels from windows.
#pragma once

#include <algorithm>
#include <cstddef>

#include "nn/core/ceil_div.hpp"
#include "nn/core/finite.hpp"
#include "nn/core/parallel.hpp"
#include "nn/kernels/elementwise/affine.hpp"
#include "nn/kernels/machine/scratch.hpp"
#include "nn/kernels/machine/simd.hpp"
#include "nn/kernels/window_shape.hpp"

namespace nn::kernels::detail {

/// Where an output pixel's window begins in x, and its channels in y, counted from the first
/// pixel's.
struct PixelPlace {
  Index x, y;
};

/// From one sample, row or pixel to the next, in elements.
struct PixelSteps {
  Index sample, row, pixel;
};

/// Rectangles of output pixels in consecutive samples.
struct PixelGrid {
  Index num_samples, num_rows, num_cols;
  PixelSteps x, y;

  /// Lists all pixels, row by row, and returns the end of the list.
  PixelPlace* list(PixelPlace* place) const {
    for (Index sample = 0; sample < num_samples; ++sample) {
      for (Index row = 0; row < num_rows; ++row) {
        for (Index col = 0; col < num_cols; ++col) {
          *place++ = {sample * x.sample + row * x.row + col * x.pixel,
                      sample * y.sample + row * y.row + col * y.pixel};
        }
      }
    }
    return place;
  }
};

/// `run_length` consecutive elements of the input, from `input` on (counted from an output pixel's
/// first), meet as many rows of the packed kernel, from `row` on.
struct Run {
  Index input, row;
};

/// How sums are written to y.
template <class T>
struct RowOutput {
  T floor = -infinity<T>;  // 0: ReLU
  bool streams = false;    // whole, aligned vectors are written past the caches
};

/// Some output pixels and one panel of their channels.
///   y(pixel, channel) = max(floor, affine(bias[channel] + sum over runs and k < run_length of
///                                         x(pixel)[run.input + k] panel[run.row + k, channel]))
template <class T>
struct PixelRows {
  const Run* runs;
  Index num_runs, run_length;
  const PixelPlace* pixels;
  Index num_pixels;
  const T* panel;  // [rows of W, width of the panel]
  const T* bias;   // [width of the panel]
  Affine<T> affine;
  Index channels;  // of this panel
  RowOutput<T> output;
};

}  // namespace nn::kernels::detail

#define NN_KERNEL_BODY "nn/kernels/conv2d/rows.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels::detail {

/// The width of a panel of `channels`: that of one vector or two.
[[nodiscard]] constexpr Index panel_width(Index vector_size, Index channels) {
  return channels <= vector_size ? vector_size : 2 * vector_size;
}

/// A kernel's weights in panels of channels, each as wide as one or two vectors and filled up with
/// zeros. Rows are numbered cell by cell, in each cell channel by channel.
template <class T>
struct PackedKernel {
  Index num_rows, num_channels, vector_size;
  const T* data;            // [panels, num_rows, width], all but the last two vectors wide
  const T* bias = nullptr;  // [panels, two vectors]
  Affine<T> affine{};       // as bias, or without data
  Scratch<T> memory{};      // of the bias and, unless W is one panel as it stands, of the data

  [[nodiscard]] Index full_width() const { return 2 * vector_size; }
  [[nodiscard]] Index num_panels() const { return ceil_div(num_channels, full_width()); }
  [[nodiscard]] Index channels_of(Index panel) const {
    return std::min(full_width(), num_channels - panel * full_width());
  }
  [[nodiscard]] Range channels_of(Range panels) const {
    return {panels.first * full_width(), std::min(num_channels, panels.end * full_width())};
  }
  [[nodiscard]] Index width_of(Index panel) const {
    return panel_width(vector_size, channels_of(panel));
  }
  [[nodiscard]] const T* panel(Index number) const {
    return data + number * full_width() * num_rows;
  }
  [[nodiscard]] const T* bias_of(Index panel) const { return bias + panel * full_width(); }
  [[nodiscard]] Affine<T> affine_of(Index panel) const { return affine.from(panel * full_width()); }
};

/// How W [cells, in_channels, out_channels] is read: W(cell, row, channel) at
/// `cell * cell_step + row * row_step + channel * channel_step`.
struct KernelLayout {
  Index num_cells, rows_per_cell, num_channels;
  Index cell_step, row_step, channel_step;
};

/// Packs one panel to `out` [cells * rows_per_cell, width].
template <class T>
void pack_panel(const KernelLayout& layout, const T* W, Index first_channel, Index num_channels,
                Index width, T* out) {
  for (Index cell = 0; cell < layout.num_cells; ++cell) {
    for (Index row = 0; row < layout.rows_per_cell; ++row, out += width) {
      const T* const in =
          W + cell * layout.cell_step + row * layout.row_step + first_channel * layout.channel_step;
      if (layout.channel_step == 1) {
        std::copy_n(in, num_channels, out);
      } else {
        for (Index i = 0; i < num_channels; ++i) out[i] = in[i * layout.channel_step];
      }
      std::fill(out + num_channels, out + width, T(0));
    }
  }
}

/// Packs W, the bias (null: zeros) and the affine map of the sums, if there is one; W stays where
/// it is if it is one panel as it stands.
template <class T>
[[nodiscard]] PackedKernel<T> pack_kernel(Isa isa, const KernelLayout& layout, const T* W,
                                          const T* bias, const Affine<T>& affine = {}) {
  const Index num_rows = layout.num_cells * layout.rows_per_cell;
  PackedKernel<T> packed{num_rows, layout.num_channels, simd_size<T>(isa), W};
  const Index num_panels = packed.num_panels(), width = packed.full_width();
  const Index num_vectors = affine ? 3 : 1;  // bias, scale, shift
  packed.memory = Scratch<T>(ScratchUse::packed_b, num_panels, width, num_rows + num_vectors);
  T* const data = packed.memory.data();
  packed.bias = data;
  T* const panels = data + num_vectors * num_panels * width;
  std::fill(data, panels, T(0));
  if (bias != nullptr) std::copy(bias, bias + layout.num_channels, data);
  if (affine) {
    packed.affine = {data + num_panels * width, data + 2 * num_panels * width};
    std::copy_n(affine.scale, layout.num_channels, data + num_panels * width);
    std::copy_n(affine.shift, layout.num_channels, data + 2 * num_panels * width);
  }
  const bool is_packed =
      num_panels == 1 && packed.width_of(0) == layout.row_step && layout.channel_step == 1;
  if (is_packed) return packed;

  packed.data = panels;
  constexpr Index worth_sharing = 65536;
  const Index num_pieces = num_rows * layout.num_channels > worth_sharing ? num_panels : 1;
  parallel_for(num_pieces, [&](Index piece) {
    for (Index panel = piece; panel < num_panels; panel += num_pieces) {
      pack_panel(layout, W, panel * width, packed.channels_of(panel), packed.width_of(panel),
                 panels + panel * width * num_rows);
    }
  });
  return packed;
}

}  // namespace nn::kernels::detail
