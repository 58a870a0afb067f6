// SPDX-License-Identifier: MIT
// A window of images in another size, and the gradient of that.
#pragma once

#include <algorithm>
#include <cmath>

#include "nn/core/config.hpp"
#include "nn/kernels/machine/blocks.hpp"

namespace nn::kernels {

/// x [batch, height, width, channels] -> y [batch, out_height, out_width, channels], from the
/// window of `rows` x `cols` pixels at (top, left).
struct ResizeShape {
  Index batch, height, width, channels;
  Index top, left, rows, cols;
  Index out_height, out_width;
};

namespace detail {

/// Calls use(from, to, share) for each pixel of x that takes part in one of y: elements of an
/// image, and its share. Middles of pixels stay where they are in the window, and beyond its
/// outermost pixels these count alone.
template <class Use>
void for_each_resized(const ResizeShape& s, const Use& use) {
  struct Neighbours {
    Index first, second;
    double share;  // of the second
  };
  const auto place = [](Index i, Index size, Index out_size) {
    const double at =
        (static_cast<double>(i) + 0.5) * static_cast<double>(size) / static_cast<double>(out_size) -
        0.5;
    const double below = std::floor(at);
    return Neighbours{std::max<Index>(static_cast<Index>(below), 0),
                      std::min(static_cast<Index>(below) + 1, size - 1), at - below};
  };
  for (Index i = 0; i < s.out_height; ++i) {
    const Neighbours v = place(i, s.rows, s.out_height);
    for (Index j = 0; j < s.out_width; ++j) {
      const Neighbours h = place(j, s.cols, s.out_width);
      const Index to = (i * s.out_width + j) * s.channels;
      const auto from = [&](Index row, Index col) {
        return ((s.top + row) * s.width + s.left + col) * s.channels;
      };
      if (v.share < 1 && h.share < 1)
        use(from(v.first, h.first), to, (1 - v.share) * (1 - h.share));
      if (h.share > 0) use(from(v.first, h.second), to, (1 - v.share) * h.share);
      if (v.share > 0) use(from(v.second, h.first), to, v.share * (1 - h.share));
      if (v.share > 0 && h.share > 0) use(from(v.second, h.second), to, v.share * h.share);
    }
  }
}

}  // namespace detail

/// Means of the four pixels around each point, weighted by how near they are.
template <Real T>
void resize(const ResizeShape& s, const T* x, T* y) {
  const Index in_size = s.height * s.width * s.channels;
  const Index out_size = s.out_height * s.out_width * s.channels;
  for_each_row(s.batch, in_size + out_size, [&](Index n) {
    const T* const image = x + n * in_size;
    T* const result = y + n * out_size;
    std::fill_n(result, out_size, T(0));
    detail::for_each_resized(s, [&](Index from, Index to, double share) {
      for (Index c = 0; c < s.channels; ++c) {
        result[to + c] += static_cast<T>(share) * image[from + c];
      }
    });
  });
}

/// dx = dy, by the shares that each pixel had in y.
template <Real T>
void resize_gradient(const ResizeShape& s, const T* dy, T* dx) {
  const Index in_size = s.height * s.width * s.channels;
  const Index out_size = s.out_height * s.out_width * s.channels;
  for_each_row(s.batch, in_size + out_size, [&](Index n) {
    T* const image = dx + n * in_size;
    const T* const result = dy + n * out_size;
    std::fill_n(image, in_size, T(0));
    detail::for_each_resized(s, [&](Index from, Index to, double share) {
      for (Index c = 0; c < s.channels; ++c) {
        image[from + c] += static_cast<T>(share) * result[to + c];
      }
    });
  });
}

}  // namespace nn::kernels
