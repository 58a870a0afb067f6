// SPDX-License-Identifier: MIT
// Images enlarged by whole factors, and the gradient of that.
#pragma once

#include <algorithm>
#include <cmath>

#include "nn/core/config.hpp"
#include "nn/kernels/machine/blocks.hpp"

namespace nn::kernels {

/// x [batch, height, width, channels] -> y [batch, height rows, width cols, channels]
struct UpSamplingShape {
  Index batch, height, width, channels;
  Index rows, cols;  ///< of y, for each of x

  [[nodiscard]] Index in_row() const { return width * channels; }
  [[nodiscard]] Index out_row() const { return width * cols * channels; }
};

/// Each pixel `rows` times `cols` times.
template <Real T>
void up_sample_nearest(const UpSamplingShape& s, const T* x, T* y) {
  for_each_row(s.batch * s.height, s.rows * s.out_row(), [&](Index row) {
    const T* const from = x + row * s.in_row();
    T* const to = y + row * s.rows * s.out_row();
    for (Index j = 0; j < s.width * s.cols; ++j) {
      std::copy_n(from + j / s.cols * s.channels, s.channels, to + j * s.channels);
    }
    for (Index i = 1; i < s.rows; ++i) std::copy_n(to, s.out_row(), to + i * s.out_row());
  });
}

/// dx = the sum of dy over what was made of each pixel.
template <Real T>
void up_sample_nearest_gradient(const UpSamplingShape& s, const T* dy, T* dx) {
  for_each_row(s.batch * s.height, s.rows * s.out_row(), [&](Index row) {
    T* const to = dx + row * s.in_row();
    std::fill_n(to, s.in_row(), T(0));
    for (Index i = 0; i < s.rows; ++i) {
      const T* const from = dy + (row * s.rows + i) * s.out_row();
      for (Index j = 0; j < s.width * s.cols; ++j) {
        T* const pixel = to + j / s.cols * s.channels;
        for (Index c = 0; c < s.channels; ++c) pixel[c] += from[j * s.channels + c];
      }
    }
  });
}

namespace detail {

/// Between which of `size` pixels pixel `i` of the enlarged image lies, and the share of the
/// second: their middles are where those of the image are, and beyond the outermost ones these
/// count alone.
struct Neighbours {
  Index first, second;
  double share;

  Neighbours(Index i, Index factor, Index size) {
    const double place =
        (static_cast<double>(i) + 0.5) / static_cast<double>(factor) - 0.5;  // in pixels
    const double below = std::floor(place);
    share = place - below;
    first = std::max<Index>(static_cast<Index>(below), 0);
    second = std::min(static_cast<Index>(below) + 1, size - 1);
  }
};

}  // namespace detail

/// Means of the four pixels around each point, weighted by how near they are.
template <Real T>
void up_sample_bilinear(const UpSamplingShape& s, const T* x, T* y) {
  for_each_row(s.batch * s.height * s.rows, s.out_row(), [&](Index row) {
    const Index image = row / (s.height * s.rows);
    const detail::Neighbours v(row % (s.height * s.rows), s.rows, s.height);
    const T* const upper = x + (image * s.height + v.first) * s.in_row();
    const T* const lower = x + (image * s.height + v.second) * s.in_row();
    const auto down = static_cast<T>(v.share), up = static_cast<T>(1 - v.share);
    for (Index j = 0; j < s.width * s.cols; ++j) {
      const detail::Neighbours h(j, s.cols, s.width);
      const auto right = static_cast<T>(h.share), left = static_cast<T>(1 - h.share);
      const Index a = h.first * s.channels, b = h.second * s.channels;
      T* const to = y + row * s.out_row() + j * s.channels;
      for (Index c = 0; c < s.channels; ++c) {
        to[c] = up * (left * upper[a + c] + right * upper[b + c]) +
                down * (left * lower[a + c] + right * lower[b + c]);
      }
    }
  });
}

/// dx = dy, by the shares that each pixel had in y.
template <Real T>
void up_sample_bilinear_gradient(const UpSamplingShape& s, const T* dy, T* dx) {
  const Index out_height = s.height * s.rows;
  for_each_row(s.batch, out_height * s.out_row(), [&](Index image) {
    T* const to = dx + image * s.height * s.in_row();
    std::fill_n(to, s.height * s.in_row(), T(0));
    for (Index i = 0; i < out_height; ++i) {
      const detail::Neighbours v(i, s.rows, s.height);
      T* const upper = to + v.first * s.in_row();
      T* const lower = to + v.second * s.in_row();
      const auto down = static_cast<T>(v.share), up = static_cast<T>(1 - v.share);
      for (Index j = 0; j < s.width * s.cols; ++j) {
        const detail::Neighbours h(j, s.cols, s.width);
        const auto right = static_cast<T>(h.share), left = static_cast<T>(1 - h.share);
        const Index a = h.first * s.channels, b = h.second * s.channels;
        const T* const from = dy + (image * out_height + i) * s.out_row() + j * s.channels;
        for (Index c = 0; c < s.channels; ++c) {
          upper[a + c] += up * left * from[c];
          upper[b + c] += up * right * from[c];
          lower[a + c] += down * left * from[c];
          lower[b + c] += down * right * from[c];
        }
      }
    }
  });
}

}  // namespace nn::kernels
