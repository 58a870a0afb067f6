// SPDX-License-Identifier: MIT
// Where the pixels of a moved image come from. The words of this folder:
//   point   a place in the image that is read, in pixels from the middle of its first one
//   tap     a pixel that is read for a point, and its share
//   strip   neighbouring pixels of one row of the image that is written
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "nn/core/config.hpp"

namespace nn {

/// What is read outside of an image: `reflect` d c b a | a b c d | d c b a, `constant` a number,
/// `wrap` a b c d | a b c d | a b c d, `nearest` a a a a | a b c d | d d d d.
enum class FillMode { reflect, constant, wrap, nearest };

[[nodiscard]] constexpr const char* to_string(FillMode mode) {
  constexpr std::array names{"reflect", "constant", "wrap", "nearest"};
  return names[static_cast<std::size_t>(mode)];
}

/// How a point between pixels is read: as a mean of the four around it, weighted by how near they
/// are, or as the nearest of them.
enum class Interpolation { bilinear, nearest };

[[nodiscard]] constexpr const char* to_string(Interpolation interpolation) {
  return interpolation == Interpolation::nearest ? "nearest" : "bilinear";
}

namespace kernels {

struct ImageSize {
  Index height;
  Index width;
};

/// The most pixels of a strip.
inline constexpr Index strip_size = 64;

/// The points of a strip.
struct Points {
  std::array<float, strip_size> x;
  std::array<float, strip_size> y;
};

/// The taps of a strip, four for each point, some of them perhaps with a share of 0.
struct Taps {
  std::array<std::array<Index, strip_size>, 4> pixel;  // number in the image
  std::array<std::array<float, strip_size>, 4> share;
  std::array<float, strip_size> fill;  // share of what lies outside
};

/// The pixel that stands for number i of an axis of `size` pixels; -1: none does.
[[nodiscard]] inline Index pixel_at(Index i, Index size, FillMode mode) {
  if (i >= 0 && i < size) return i;
  if (mode == FillMode::constant) return -1;
  if (mode == FillMode::nearest) return i < 0 ? 0 : size - 1;
  const Index period = mode == FillMode::wrap ? size : 2 * size;
  const Index place = (i % period + period) % period;
  return place < size ? place : period - 1 - place;
}

/// The largest whole number up to `value`, which is in the range of int. (std::floor is a call
/// where the compiler may not use SSE 4.1.)
[[nodiscard]] inline int floor_of(float value) {
  const int truncated = static_cast<int>(value);
  return truncated - (static_cast<float>(truncated) > value ? 1 : 0);
}

/// The taps of point number p, whose four pixels begin in the upper left with (top, left).
inline void find_border_taps(const ImageSize& image, FillMode mode, Index top, Index left,
                             std::size_t p, Taps& taps) {
  for (Index tap = 0; tap < 4; ++tap) {
    const auto t = static_cast<std::size_t>(tap);
    const Index row = pixel_at(top + tap / 2, image.height, mode);
    const Index col = pixel_at(left + tap % 2, image.width, mode);
    const bool is_outside = row < 0 || col < 0;
    taps.pixel[t][p] = is_outside ? 0 : row * image.width + col;
    if (is_outside) taps.fill[p] += std::exchange(taps.share[t][p], 0.0F);
  }
}

/// The taps of the first `count` points. Not a template, so that it is compiled once.
[[gnu::noinline]] inline void find_taps(const ImageSize& image, FillMode mode,
                                        Interpolation interpolation, const Points& points,
                                        Index count, Taps& taps) {
  constexpr float farthest = 0x1p30F;  // farther away than any pixel, and in the range of int
  const bool takes_nearest = interpolation == Interpolation::nearest;
  for (std::size_t p = 0; p < static_cast<std::size_t>(count); ++p) {
    const float x = std::clamp(points.x[p], -farthest, farthest) + (takes_nearest ? 0.5F : 0);
    const float y = std::clamp(points.y[p], -farthest, farthest) + (takes_nearest ? 0.5F : 0);
    const int left = floor_of(x), top = floor_of(y);
    const float right_share = takes_nearest ? 0 : x - static_cast<float>(left);
    const float lower_share = takes_nearest ? 0 : y - static_cast<float>(top);
    taps.share[0][p] = (1 - lower_share) * (1 - right_share);
    taps.share[1][p] = (1 - lower_share) * right_share;
    taps.share[2][p] = lower_share * (1 - right_share);
    taps.share[3][p] = lower_share * right_share;
    taps.fill[p] = 0;
    if (left >= 0 && top >= 0 && left + 1 < image.width && top + 1 < image.height) {
      const Index first = top * image.width + left;
      taps.pixel[0][p] = first;
      taps.pixel[1][p] = first + 1;
      taps.pixel[2][p] = first + image.width;
      taps.pixel[3][p] = first + image.width + 1;
    } else {
      find_border_taps(image, mode, top, left, p, taps);
    }
  }
}

}  // namespace kernels
}  // namespace nn
