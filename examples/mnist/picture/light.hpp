// SPDX-License-Identifier: MIT
// The light of a picture: in a size to work with, upright, and as one number for each pixel.
#pragma once

#include <algorithm>
#include <cstdint>

#include "mnist/picture/decode.hpp"
#include "nn/core/tensor.hpp"

namespace mnist::detail {

/// Red, green and blue, 0 to 255. Shape [H, W, 3]
using Colours = nn::Tensor<std::uint8_t, 3>;

/// Brightness 0 to 255. Shape [H, W]
using Light = nn::Tensor<std::uint8_t, 2>;

/// Shrinks to at most `most` pixels a side: each new pixel is the mean of a square of old ones.
/// Where the picture is transparent, `paper` shines through.
[[nodiscard]] inline Colours shrink(const Picture& picture, int paper, nn::Index most) {
  const nn::Index longest = std::max(picture.height, picture.width);
  const nn::Index square = (longest + most - 1) / most;  // its side
  Colours small((picture.height + square - 1) / square, (picture.width + square - 1) / square, 3);
  for (nn::Index y = 0; y < small.dimension(0); ++y) {
    for (nn::Index x = 0; x < small.dimension(1); ++x) {
      const nn::Index bottom = std::min((y + 1) * square, picture.height);
      const nn::Index right = std::min((x + 1) * square, picture.width);
      nn::Index red = 0, green = 0, blue = 0, clear = 0;  // an int has no room for long pictures
      for (nn::Index i = y * square; i < bottom; ++i) {
        const std::uint8_t* pixel = picture.pixels.get() + 4 * (i * picture.width + x * square);
        for (nn::Index j = x * square; j < right; ++j, pixel += 4) {
          red += pixel[0] * pixel[3];
          green += pixel[1] * pixel[3];
          blue += pixel[2] * pixel[3];
          clear += 255 - pixel[3];
        }
      }
      const nn::Index area = 255 * (bottom - y * square) * (right - x * square);
      const nn::Index through = paper * clear + area / 2;
      small(y, x, 0) = static_cast<std::uint8_t>((red + through) / area);
      small(y, x, 1) = static_cast<std::uint8_t>((green + through) / area);
      small(y, x, 2) = static_cast<std::uint8_t>((blue + through) / area);
    }
  }
  return small;
}

/// How many times to enlarge a small picture so that it has at least `least` pixels a side.
[[nodiscard]] inline nn::Index enlargement(const Colours& small, nn::Index least) {
  return (least - 1) / std::max(small.dimension(0), small.dimension(1)) + 1;
}

/// Enlarges a picture: each pixel becomes a square of `times` pixels a side.
[[nodiscard]] inline Colours enlarge(const Colours& small, nn::Index times) {
  if (times == 1) return small;
  Colours large(small.dimension(0) * times, small.dimension(1) * times, 3);
  for (nn::Index y = 0; y < large.dimension(0); ++y) {
    for (nn::Index x = 0; x < large.dimension(1); ++x) {
      for (nn::Index c = 0; c < 3; ++c) large(y, x, c) = small(y / times, x / times, c);
    }
  }
  return large;
}

/// Turns and mirrors a picture upright that was stored by this orientation of Exif, 1 to 8.
[[nodiscard]] inline Colours upright(const Colours& stored, int orientation) {
  if (orientation == 1) return stored;
  const bool is_swapped = orientation >= 5;  // rows were stored as columns
  const bool is_from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool is_from_bottom =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const nn::Index height = stored.dimension(0), width = stored.dimension(1);
  Colours turned(is_swapped ? width : height, is_swapped ? height : width, 3);
  for (nn::Index y = 0; y < turned.dimension(0); ++y) {
    for (nn::Index x = 0; x < turned.dimension(1); ++x) {
      nn::Index row = is_swapped ? x : y, column = is_swapped ? y : x;
      if (is_from_bottom) row = height - 1 - row;
      if (is_from_right) column = width - 1 - column;
      for (nn::Index c = 0; c < 3; ++c) turned(y, x, c) = stored(row, column, c);
    }
  }
  return turned;
}

/// Brightness as people see it (ITU-R BT.601).
[[nodiscard]] inline Light brightness(const Colours& colours) {
  Light light(colours.dimension(0), colours.dimension(1));
  const std::uint8_t* pixel = colours.data();
  for (nn::Index i = 0; i < light.size(); ++i, pixel += 3) {
    light.data()[i] =
        static_cast<std::uint8_t>((299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2] + 500) / 1000);
  }
  return light;
}

/// The least of the three colours: paper reflects all of them, and ink of any colour takes away at
/// least one.
[[nodiscard]] inline Light least_colour(const Colours& colours) {
  Light light(colours.dimension(0), colours.dimension(1));
  const std::uint8_t* pixel = colours.data();
  for (nn::Index i = 0; i < light.size(); ++i, pixel += 3) {
    light.data()[i] = std::min({pixel[0], pixel[1], pixel[2]});
  }
  return light;
}

/// Bright becomes dark, and the colours their opposites.
[[nodiscard]] inline Colours negative(Colours colours) {
  for (nn::Index i = 0; i < colours.size(); ++i) {
    colours.data()[i] = static_cast<std::uint8_t>(255 - colours.data()[i]);
  }
  return colours;
}

}  // namespace mnist::detail
