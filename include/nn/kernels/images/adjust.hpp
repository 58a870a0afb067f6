// SPDX-License-Identifier: MIT
// Contrast, brightness and blank rectangles of images, each image on a thread.
#pragma once

#include <algorithm>
#include <concepts>
#include <type_traits>

#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/machine/scratch.hpp"

namespace nn::kernels {

/// Images [batch, pixels, channels], and the bounds of what is made of them.
template <class T>
struct AdjustShape {
  Index batch, pixels, channels;
  T lowest, highest;

  [[nodiscard]] Index size() const { return pixels * channels; }
  [[nodiscard]] bool contains(T value) const { return value >= lowest && value <= highest; }
};

namespace detail {

/// What numbers are added up in: those of one's own in their own type.
template <class T>
using SumOf = std::conditional_t<std::floating_point<T>, double, T>;

/// The means of an image's channels.
template <Real T>
void channel_means(Index pixels, Index channels, const T* x, SumOf<T>* means) {
  std::fill_n(means, channels, SumOf<T>(0));
  for (Index p = 0; p < pixels; ++p) {
    for (Index c = 0; c < channels; ++c) means[c] += static_cast<SumOf<T>>(x[p * channels + c]);
  }
  for (Index c = 0; c < channels; ++c) means[c] = means[c] / SumOf<T>(static_cast<double>(pixels));
}

}  // namespace detail

/// y = clip((x - mean) f + mean + shift), where mean is that of an image's channel, and
/// f = factor_of(n), shift = shift_of(n) are numbers of image n.   x, y [batch, pixels, channels]
template <Real T, class FactorOf, class ShiftOf>
void adjust(const AdjustShape<T>& s, const FactorOf& factor_of, const ShiftOf& shift_of, const T* x,
            T* y) {
  for_each_row(s.batch, s.size(), [&](Index n) {
    const Scratch<detail::SumOf<T>> means(ScratchUse::column_values, s.channels);
    const T* const from = x + n * s.size();
    T* const to = y + n * s.size();
    const auto factor = static_cast<T>(factor_of(n)), shift = static_cast<T>(shift_of(n));
    detail::channel_means(s.pixels, s.channels, from, means.data());
    for (Index i = 0; i < s.size(); ++i) {
      const auto mean = static_cast<T>(means.data()[i % s.channels]);
      const T value = factor == T(1) ? from[i] + shift : (from[i] - mean) * factor + mean + shift;
      to[i] = value < s.lowest ? s.lowest : value > s.highest ? s.highest : value;
    }
  });
}

/// dx = f dz + (1 - f) mean(dz), where dz is dy, and 0 where y was clipped.
/// Shapes  x, dy, dx [batch, pixels, channels]; dy is overwritten by dz
template <Real T, class FactorOf, class ShiftOf>
void adjust_gradient(const AdjustShape<T>& s, const FactorOf& factor_of, const ShiftOf& shift_of,
                     const T* x, T* dy, T* dx) {
  for_each_row(s.batch, s.size(), [&](Index n) {
    const Scratch<detail::SumOf<T>> means(ScratchUse::column_values, s.channels);
    const T* const from = x + n * s.size();
    T *const dz = dy + n * s.size(), *const to = dx + n * s.size();
    const auto factor = static_cast<T>(factor_of(n)), shift = static_cast<T>(shift_of(n));
    detail::channel_means(s.pixels, s.channels, from, means.data());
    for (Index i = 0; i < s.size(); ++i) {
      const auto mean = static_cast<T>(means.data()[i % s.channels]);
      const T value = factor == T(1) ? from[i] + shift : (from[i] - mean) * factor + mean + shift;
      if (!s.contains(value)) dz[i] = T(0);
    }
    detail::channel_means(s.pixels, s.channels, dz, means.data());
    for (Index i = 0; i < s.size(); ++i) {
      to[i] = factor * dz[i] + (T(1) - factor) * static_cast<T>(means.data()[i % s.channels]);
    }
  });
}

/// Rows top .. bottom - 1 and columns left .. right - 1.
struct Rectangle {
  Index top = 0, left = 0, bottom = 0, right = 0;
};

/// y = x, but for a rectangle of each image: there y = fill(element).
/// Shapes  x, y [batch, height, width, channels]
template <Real T, class RectangleOf, class Fill>
void fill_rectangles(Index batch, Index height, Index width, Index channels,
                     const RectangleOf& rectangle_of, const Fill& fill, const T* x, T* y) {
  const Index row_size = width * channels;
  for_each_row(batch, height * row_size, [&](Index n) {
    const Index first = n * height * row_size;
    std::copy_n(x + first, height * row_size, y + first);
    const Rectangle part = rectangle_of(n);
    for (Index i = part.top; i < part.bottom; ++i) {
      const Index row = first + i * row_size;
      for (Index k = part.left * channels; k < part.right * channels; ++k) {
        y[row + k] = fill(row + k);
      }
    }
  });
}

}  // namespace nn::kernels
