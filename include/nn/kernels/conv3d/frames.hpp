// SPDX-License-Identifier: MIT
// Three-dimensional convolution as a two-dimensional one: the frames that a window meets are
// stacked, so that the kernel's depth becomes channels.
#pragma once

#include <algorithm>

#include "nn/core/cold.hpp"
#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/window_shape.hpp"

namespace nn::kernels {

/// x [batch, depth, height, width, channels], W [kernel_depth, kernel_height, kernel_width,
/// channels / groups, out_channels], y [batch, out_depth, out_height, out_width, out_channels].
/// Cell u of the window of output frame i lies on input frame i stride + u dilation - pad.
struct Conv3DShape {
  Conv2DShape frame;  ///< of one input frame and one output frame; its batch counts volumes
  Index groups;       ///< of channels
  Index depth, kernel_depth, out_depth;
  Index stride, pad, dilation = 1;

  [[nodiscard]] Index num_out_frames() const { return frame.batch * out_depth; }
  /// The input frame under a cell, counted through the batch; negative outside of the volume.
  [[nodiscard]] Index frame_under(Index out_frame, Index cell) const {
    const Index in_volume = out_frame % out_depth * stride + cell * dilation - pad;
    if (in_volume < 0 || in_volume >= depth) return -1;
    return out_frame / out_depth * depth + in_volume;
  }
  /// The convolution of `count` output frames from stacks [count, height, width, groups,
  /// kernel_depth, channels / groups].
  [[nodiscard]] Conv2DShape of_stacks(Index count) const {
    Conv2DShape stacks = frame;
    stacks.batch = count;
    stacks.in_channels *= kernel_depth;
    return stacks;
  }
  /// Output frames whose stacks fit a core's cache or two.
  [[nodiscard]] Index most_in_part() const {
    constexpr Index most_elements = Index{1} << 19;
    return std::max<Index>(1, most_elements / std::max<Index>(1, of_stacks(1).input_size()));
  }
  /// Calls body(first, count) for all output frames, so many at a time.
  template <class Body>
  void for_each_part(const Body& body) const {
    for (Index first = 0; first == 0 || first < num_out_frames(); first += most_in_part()) {
      body(first, std::min(most_in_part(), num_out_frames() - first));
    }
  }
  /// Elements of W.
  [[nodiscard]] Index weights_size() const {
    return of_stacks(1).patch_size() / groups * frame.out_channels;
  }
};

/// Stacks the frames under the windows of `count` output frames, with zeros outside of x.
template <class T>
NN_COLD void stack_frames(const Conv3DShape& s, Index first, Index count, const T* x, T* stacks) {
  const Index share = s.frame.in_channels / s.groups,
              row_size = s.frame.width * s.frame.in_channels;
  for_each_row(count * s.frame.height, row_size * s.kernel_depth, [&](Index i) {
    const Index frame = i / s.frame.height, row = i % s.frame.height;
    T* const to = stacks + i * row_size * s.kernel_depth;  // [width, groups, kernel_depth, share]
    for (Index u = 0; u < s.kernel_depth; ++u) {
      const Index from_frame = s.frame_under(first + frame, u);
      const T* const from = x + (from_frame * s.frame.height + row) * row_size;
      for (Index part = 0; part < s.frame.width * s.groups; ++part) {
        T* const out = to + (part * s.kernel_depth + u) * share;
        if (from_frame < 0) {
          std::fill_n(out, share, T(0));
        } else {
          std::copy_n(from + part * share, share, out);
        }
      }
    }
  });
}

/// Adds the gradients of such stacks to those of the frames.
template <class T>
NN_COLD void add_stacked_frames(const Conv3DShape& s, Index first, Index count, const T* stacks,
                                T* dx) {
  const Index share = s.frame.in_channels / s.groups,
              row_size = s.frame.width * s.frame.in_channels;
  // Threads share the rows, as output frames share input frames.
  for_each_row(s.frame.height, count * row_size * s.kernel_depth, [&](Index row) {
    for (Index frame = 0; frame < count; ++frame) {
      const T* const from = stacks + (frame * s.frame.height + row) * row_size * s.kernel_depth;
      for (Index u = 0; u < s.kernel_depth; ++u) {
        const Index to_frame = s.frame_under(first + frame, u);
        if (to_frame < 0) continue;
        T* const to = dx + (to_frame * s.frame.height + row) * row_size;
        for (Index part = 0; part < s.frame.width * s.groups; ++part) {
          const T* const in = from + (part * s.kernel_depth + u) * share;
          for (Index c = 0; c < share; ++c) to[part * share + c] += in[c];
        }
      }
    }
  });
}

/// W as the weights of stacks [kernel_height, kernel_width, kernel_depth, channels / groups,
/// out_channels].
template <class T>
NN_COLD void stack_weights(const Conv3DShape& s, const T* W, T* stacked) {
  const Index cells = s.frame.kernel_height * s.frame.kernel_width;
  const Index size = s.frame.in_channels / s.groups * s.frame.out_channels;  // of a cell
  for_each_row(s.kernel_depth * cells, size, [=, depth = s.kernel_depth](Index i) {
    const Index u = i / cells, cell = i % cells;
    std::copy_n(W + i * size, size, stacked + (cell * depth + u) * size);
  });
}

/// dW from that of the stacks' weights, added to what is there if `accumulate`.
template <class T>
NN_COLD void unstack_gradient(const Conv3DShape& s, const T* stacked, bool accumulate, T* dW) {
  const Index cells = s.frame.kernel_height * s.frame.kernel_width;
  const Index size = s.frame.in_channels / s.groups * s.frame.out_channels;
  for_each_row(s.kernel_depth * cells, size, [=, depth = s.kernel_depth](Index i) {
    const T* const from = stacked + (i % cells * depth + i / cells) * size;
    T* const to = dW + i * size;
    for (Index k = 0; k < size; ++k) to[k] = accumulate ? to[k] + from[k] : from[k];
  });
}

}  // namespace nn::kernels
