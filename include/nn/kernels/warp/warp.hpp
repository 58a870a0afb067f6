// SPDX-License-Identifier: MIT
// Moves the pixels of images: each pixel of the result is read at a point of the image.
#pragma once

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "nn/kernels/machine/blocks.hpp"
#include "nn/kernels/warp/sampling.hpp"

namespace nn::kernels {

/// The affine map from pixels (x, y) of the result to points of the image:
///     x' = xx x + xy y + x0     y' = yx x + yy y + y0
struct Affine2D {
  double xx = 1, xy = 0, x0 = 0;
  double yx = 0, yy = 1, y0 = 0;

  /// The same about the middle of an image, which it keeps in its place.
  [[nodiscard]] Affine2D about_middle(const ImageSize& image) const {
    const double x = static_cast<double>(image.width - 1) / 2;
    const double y = static_cast<double>(image.height - 1) / 2;
    return {xx, xy, x0 + x - xx * x - xy * y, yx, yy, y0 + y - yx * x - yy * y};
  }
  /// The points of the strip that begins in this row at pixel `first`.
  void find_points(Index row, Index first, Index count, Points& points) const {
    const auto x_of_row = static_cast<float>(xy * static_cast<double>(row) + x0);
    const auto y_of_row = static_cast<float>(yy * static_cast<double>(row) + y0);
    const auto x_step = static_cast<float>(xx), y_step = static_cast<float>(yx);
    for (Index p = 0; p < count; ++p) {
      const auto col = static_cast<float>(first + p);
      points.x[static_cast<std::size_t>(p)] = x_step * col + x_of_row;
      points.y[static_cast<std::size_t>(p)] = y_step * col + y_of_row;
    }
  }
};

/// Images [batch, height, width, channels], and how they are read.
struct WarpShape {
  Index batch;
  ImageSize image;
  Index channels;
  FillMode fill_mode = FillMode::reflect;
  Interpolation interpolation = Interpolation::bilinear;

  [[nodiscard]] Index size() const { return image.height * image.width * channels; }
};

namespace detail {

/// y = the means of the taps, `fill` where they lie outside.
template <Real T>
void read_taps(const Taps& taps, Index count, Index channels, const T* x, T fill, T* y) {
  for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) {
    for (Index c = 0; c < channels; ++c) {
      T sum = T(taps.fill[p]) * fill;
      for (std::size_t tap = 0; tap < 4; ++tap) {
        sum += T(taps.share[tap][p]) * x[taps.pixel[tap][p] * channels + c];
      }
      *y++ = sum;
    }
  }
}

/// The transpose: dx += shares of dy. (g++ 12 loses the sums where the loops advance dy itself.)
template <Real T>
void add_to_taps(const Taps& taps, Index count, Index channels, const T* dy, T* dx) {
  for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) {
    const T* const dy_of_point = dy + static_cast<Index>(p) * channels;
    for (std::size_t tap = 0; tap < 4; ++tap) {
      T* const dx_of_pixel = dx + taps.pixel[tap][p] * channels;
      const T share = T(taps.share[tap][p]);
      for (Index c = 0; c < channels; ++c) dx_of_pixel[c] += share * dy_of_point[c];
    }
  }
}

/// Calls read_taps(taps, count, channels, x, fill, y) for each strip, or, for the gradient,
/// add_to_taps(taps, count, channels, y, x). Images are shared among the threads.
template <Real T, class MapOf, class Input, class Output>
void warp_strips(const WarpShape& shape, const MapOf& map_of, T fill, Input* x, Output* y) {
  for_each_row(shape.batch, shape.size(), [&](Index n) {
    const auto map = map_of(n);
    Input* const image = x + n * shape.size();
    Output* strip = y + n * shape.size();
    Points points;
    Taps taps;
    for (Index row = 0; row < shape.image.height; ++row) {
      for (Index first = 0; first < shape.image.width; first += strip_size) {
        const Index count = std::min(strip_size, shape.image.width - first);
        map.find_points(row, first, count, points);
        find_taps(shape.image, shape.fill_mode, shape.interpolation, points, count, taps);
        if constexpr (std::is_const_v<Input>) {
          read_taps(taps, count, shape.channels, image, fill, strip);
        } else {
          add_to_taps(taps, count, shape.channels, strip, image);
        }
        strip += count * shape.channels;
      }
    }
  });
}

}  // namespace detail

/// y[n, p] = x[n, map(p)]: each pixel of y is read at a point of x, which the map of its image
/// gives, between pixels and outside of the image as `shape` says. `map_of(n)` has a `find_points`,
/// as Affine2D.
/// Shapes  x, y [batch, height, width, channels]; x != y
template <Real T, class MapOf>
void warp(const WarpShape& shape, const MapOf& map_of, T fill, const T* x, T* y) {
  detail::warp_strips<T>(shape, map_of, fill, x, y);
}

/// dx = the transpose of that map of dy: each gradient goes to the pixels that were read, by their
/// shares.
/// Shapes  dy, dx [batch, height, width, channels]; dy != dx
template <Real T, class MapOf>
void warp_gradient(const WarpShape& shape, const MapOf& map_of, const T* dy, T* dx) {
  std::fill_n(dx, shape.batch * shape.size(), T(0));
  detail::warp_strips<T>(shape, map_of, T(0), dx, dy);
}

}  // namespace nn::kernels
