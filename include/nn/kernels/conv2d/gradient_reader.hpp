// SPDX-License-Identifier: MIT
// The kernel gradient of a convolution whose dy is never written.
#pragma once

#include <algorithm>
#include <utility>

#include "nn/kernels/conv2d/kernel_gradient.hpp"
#include "nn/kernels/product/column_reader.hpp"

namespace nn::kernels {

/// `conv2d_kernel_gradient` of a dy [batch, out_height * out_width * out_channels] that comes in
/// columns: each run adds up a dW and a db of its own, and `end` adds these in their order.
template <class T>
class Conv2DGradientReader final : public ColumnReader<T> {
 public:
  /// Whether it serves this shape: no padding, the few input channels of a first layer, and a dW
  /// that stays in a core's cache. Output channels are whole vectors, so that whole pixels and
  /// whole panels of a product meet after a few of them.
  [[nodiscard]] static bool can_read(const Conv2DShape& s) {
    constexpr Index vector = 16, most_channels = 128, most_elements = 16384;
    return !detail::reads_padding(s) && !detail::has_many_channels(s) &&
           s.out_channels % vector == 0 && s.out_channels <= most_channels &&
           s.patch_size() * s.out_channels <= most_elements;
  }

  /// Arguments as of `conv2d_kernel_gradient`; the processor must have `isa`.
  Conv2DGradientReader(Isa isa, const Conv2DShape& shape, const T* x, T* dW, T* db, bool accumulate)
      : ColumnReader<T>(shape.out_channels),
        isa_(isa),
        shape_(shape),
        plan_(shape, simd_size<T>(isa) * Index{sizeof(T)}, simd_size<T>(isa), cached_elements<T>()),
        x_(x),
        dW_(dW),
        db_(db),
        accumulate_(accumulate) {
    NN_ASSERT(can_read(shape));
    plan_.parts.num_groups = 1;
  }

  void begin(Index num_runs) override {
    plan_.parts.num_parts = num_runs;
    Scratch<Index> offsets = detail::input_offsets(shape_, plan_, shape_.width);
    sums_ = Scratch<T>(ScratchUse::sums_of_runs, num_runs, plan_.part_size());
    offsets_ = std::move(offsets);
    std::fill_n(sums_.data(), num_runs * plan_.part_size(), T(0));
  }

  void read(Index run, Index first, Matrix<const T> strip) override {
    const Conv2DShape& s = shape_;
    detail::BlockList<T> list;
    list.size = 1;
    T* const sums = sums_.data() + run * plan_.part_size();
    detail::PixelBlock<T>& block = list.blocks[0];  // pixels side by side, of all samples
    block.pixels = detail::pixel_grid(s, strip.rows, 1, 0, s.width * s.in_channels);
    block.pixels.y.sample = strip.row_stride;
    block.dy = strip.data;
    const Index end = (first + strip.cols) / s.out_channels;
    for (Index pixel = first / s.out_channels; pixel < end; pixel += block.pixels.num_cols) {
      const Index row = pixel / s.out_width, col = pixel % s.out_width;
      block.pixels.num_cols = std::min(end - pixel, s.out_width - col);
      block.x = x_ + (row * s.stride_height * s.width + col * s.stride_width) * s.in_channels;
      detail::add_blocks(isa_, plan_, list, offsets_.data(), 0, sums);
      block.dy += block.pixels.num_cols * s.out_channels;
    }
  }

  void end() override {
    detail::add_tiles(plan_, sums_.data(), dW_, db_, accumulate_);
    cancel();
  }

  void cancel() noexcept override {
    offsets_ = {};
    sums_ = {};
  }

 private:
  Isa isa_;
  Conv2DShape shape_;
  detail::TilePlan plan_;
  const T* x_;
  T *dW_, *db_;
  bool accumulate_;
  Scratch<Index> offsets_;  // both from begin to end
  Scratch<T> sums_;         // [runs, part_size]
};

}  // namespace nn::kernels
