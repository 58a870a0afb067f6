// SPDX-License-Identifier: MIT
// A convolution, or its input gradient, in regions: of the pixels that read the same cells of the
// kernel. So padding, strides and the image's edges cost nothing, and nobody copies the input.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <utility>

#include "nn/core/ceil_div.hpp"
#include "nn/kernels/conv2d/bands.hpp"
#include "nn/kernels/conv2d/input_windows.hpp"
#include "nn/kernels/conv2d/rows.hpp"
#include "nn/kernels/machine/scratch.hpp"
#include "nn/kernels/window_shape.hpp"

namespace nn::kernels::detail {

/// Height or width: `size` pixels that are computed from `from_size` others. Output pixel q reads
/// input pixel q stride + u dilation - pad with cell u; `transposed`, an input pixel is computed
/// from all outputs that read it.
struct Axis {
  Index size, from_size;
  Index kernel, stride, pad, dilation;
  bool transposed;
};

/// The cells that a pixel reads, evenly spaced, and the pixels that they read.
struct AxisCells {
  Index first = 0, step = 1, count = 0;
  Index from = 0, from_step = 0;

  [[nodiscard]] bool is_same(const AxisCells& other) const {
    return first == other.first && count == other.count;
  }
  /// Whether neighbouring cells read neighbouring pixels.
  [[nodiscard]] bool is_dense() const { return count <= 1 || (step == 1 && from_step == 1); }
};

[[nodiscard]] inline AxisCells cells_at(const Axis& axis, Index pixel) {
  AxisCells cells;
  for (Index cell = 0; cell < axis.kernel; ++cell) {
    Index from = pixel * axis.stride - axis.pad + cell * axis.dilation;
    if (axis.transposed) {
      const Index strides = pixel + axis.pad - cell * axis.dilation;
      if (strides % axis.stride != 0) continue;
      from = strides / axis.stride;
    }
    if (from < 0 || from >= axis.from_size) continue;
    if (cells.count == 0) cells.first = cell, cells.from = from;
    if (cells.count == 1) cells.step = cell - cells.first, cells.from_step = from - cells.from;
    ++cells.count;
  }
  return cells;
}

/// Every `step`-th pixel from `first` on: those that read the same cells.
struct AxisClass {
  Index first, step, count;
  Index from_step;  // from what one reads to what the next one reads
  AxisCells cells;  // of the first

  /// Which of them, by their numbers, lie among these pixels.
  [[nodiscard]] Range within(Range pixels) const {
    const auto number_from = [&](Index pixel) {
      return pixel <= first ? 0 : std::min(count, ceil_div(pixel - first, step));
    };
    return {number_from(pixels.first), number_from(pixels.end)};
  }
};

/// Lists the classes of an axis from `classes` on, at most one for each pixel.
[[nodiscard]] inline std::span<const AxisClass> list_classes(const Axis& axis, AxisClass* classes) {
  const Index step = axis.transposed ? axis.stride : 1;
  const Index from_step = axis.transposed ? 1 : axis.stride;
  Index count = 0;
  for (Index first = 0; first < std::min(step, axis.size); ++first) {
    for (Index pixel = first; pixel < axis.size; pixel += step) {
      const AxisCells cells = cells_at(axis, pixel);
      if (pixel > first && classes[count - 1].cells.is_same(cells)) {
        ++classes[count - 1].count;
      } else {
        classes[count++] = {pixel, step, 1, from_step, cells};
      }
    }
  }
  return {classes, static_cast<std::size_t>(count)};
}

/// A class of rows by a class of columns: pixels that all read the same cells.
struct Region {
  const AxisClass *rows, *cols;
  /// Its pixels in the largest band, counted from the first one: sample by sample and row by row,
  /// so that the first of them serve smaller bands too.
  std::span<const PixelPlace> pixels;
};

/// The cells of a region as runs of `run_length` elements.
struct RunList {
  Scratch<Run> runs;
  Index num_runs, run_length;
};

/// The regions of a convolution's output or, `transposed`, of its input. Made by one thread, read
/// by all.
class Regions {
 public:
  Regions(const Conv2DShape& s, bool transposed, const BandPlan& plan)
      : kernel_width_(s.kernel_width),
        to_{s.out_height, s.out_width, s.out_channels},
        from_{s.height, s.width, s.in_channels} {
    if (transposed) std::swap(to_, from_);
    const Axis rows{to_.height, from_.height,      s.kernel_height, s.stride_height,
                    s.pad_top,  s.dilation_height, transposed};
    const Axis cols{to_.width,  from_.width,      s.kernel_width, s.stride_width,
                    s.pad_left, s.dilation_width, transposed};
    classes_ = Scratch<AxisClass>(ScratchUse::classes, rows.size + cols.size);
    const auto row_classes = list_classes(rows, classes_.data());
    const auto col_classes = list_classes(cols, classes_.data() + row_classes.size());
    list_regions(row_classes, col_classes, plan);
  }

  /// Calls body(cells, pixels, from, to) for what lies in a band of each region: its cells, its
  /// pixels, and where the first of these reads and writes. `from` is the first of the band's
  /// samples, `to` the first of its pixels.
  template <class T, class To, class Body>
  void visit(const Band& band, const T* from, To* to, const Body& body) const {
    for (Index i = 0; i < num_regions_; ++i) {
      const Region& region = regions_.data()[i];
      const AxisClass &rows = *region.rows, &cols = *region.cols;
      const Range in_band = rows.within(band.rows);
      if (in_band.size() == 0) continue;
      const RunList cells = list_runs(rows.cells, cols.cells);
      const Index row = rows.first + in_band.first * rows.step - band.rows.first;
      const Index from_row = rows.cells.from + in_band.first * rows.from_step;
      const Index num_pixels = band.num_samples * in_band.size() * cols.count;
      body(cells, region.pixels.first(static_cast<std::size_t>(num_pixels)),
           from + (from_row * from_.width + cols.cells.from) * from_.channels,
           to + (row * to_.width + cols.first) * to_.channels);
    }
  }

  /// Computes some panels of a band's pixels.
  template <class T>
  void convolve(Isa isa, const PackedKernel<T>& kernel, Range panels, const Band& band,
                const RowOutput<T>& output, const T* from, T* to) const {
    visit(band, from, to,
          [&](const RunList& cells, std::span<const PixelPlace> pixels, const T* x, T* y) {
            for (Index panel = panels.first; panel < panels.end; ++panel) {
              const PixelRows<T> pixel_rows{.runs = cells.runs.data(),
                                            .num_runs = cells.num_runs,
                                            .run_length = cells.run_length,
                                            .pixels = pixels.data(),
                                            .num_pixels = std::ssize(pixels),
                                            .panel = kernel.panel(panel),
                                            .bias = kernel.bias_of(panel),
                                            .affine = kernel.affine_of(panel),
                                            .channels = kernel.channels_of(panel),
                                            .output = output};
              NN_DISPATCH_TO(isa, conv2d_rows, pixel_rows, x, y + panel * kernel.full_width());
            }
          });
  }

 private:
  void list_regions(std::span<const AxisClass> row_classes, std::span<const AxisClass> col_classes,
                    const BandPlan& plan) {
    Index listed_rows = 0;
    for (const AxisClass& rows : row_classes) {
      listed_rows += std::min(rows.count, plan.rows_per_band);
    }
    num_regions_ = static_cast<Index>(row_classes.size() * col_classes.size());
    regions_ = Scratch<Region>(ScratchUse::regions, num_regions_);
    pixels_ =
        Scratch<PixelPlace>(ScratchUse::pixels, plan.samples_per_band, listed_rows, to_.width);
    Region* region = regions_.data();
    PixelPlace* place = pixels_.data();
    for (const AxisClass& rows : row_classes) {
      for (const AxisClass& cols : col_classes) {
        const PixelGrid grid{
            plan.samples_per_band,
            std::min(rows.count, plan.rows_per_band),
            cols.count,
            {from_.size(), rows.from_step * from_.width * from_.channels,
             cols.from_step * from_.channels},
            {to_.size(), rows.step * to_.width * to_.channels, cols.step * to_.channels}};
        PixelPlace* const end = grid.list(place);
        *region++ = {&rows, &cols, {place, end}};
        place = end;
      }
    }
  }

  /// Cells side by side make one run of each row.
  [[nodiscard]] RunList list_runs(const AxisCells& rows, const AxisCells& cols) const {
    const Index runs_per_row = cols.is_dense() ? std::min<Index>(1, cols.count) : cols.count;
    RunList list{Scratch<Run>(ScratchUse::runs, rows.count, runs_per_row),
                 rows.count * runs_per_row, (cols.is_dense() ? cols.count : 1) * from_.channels};
    Run* run = list.runs.data();
    for (Index i = 0; i < rows.count; ++i) {
      const Index row = rows.first + i * rows.step;
      for (Index j = 0; j < runs_per_row; ++j) {
        const Index col = cols.first + j * cols.step;
        *run++ = {(i * rows.from_step * from_.width + j * cols.from_step) * from_.channels,
                  (row * kernel_width_ + col) * from_.channels};
      }
    }
    return list;
  }

  Index kernel_width_;
  ImageSize to_, from_;
  Scratch<AxisClass> classes_;
  Scratch<PixelPlace> pixels_;
  Scratch<Region> regions_;
  Index num_regions_ = 0;
};

}  // namespace nn::kernels::detail
