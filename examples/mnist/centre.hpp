// SPDX-License-Identifier: MIT
// Where a digit lies in its image, by the rule of MNIST.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "nn/core/tensor.hpp"

namespace mnist {

inline constexpr nn::Index image_side = 28;  // pixels
inline constexpr nn::Index digit_side = 20;  // the longer side of the digit's bounding box, pixels

/// Ink on paper: 0 is none, 1 is full. Shape [H, W]
using Ink = nn::Tensor<float, 2>;

namespace detail {

/// Along one axis: the weighted sum of pixel numbers, and the first and last pixel with ink.
struct Extent {
  double moment = 0;
  nn::Index first = image_side;
  nn::Index last = -1;

  void add(nn::Index pixel, double ink) {
    moment += ink * static_cast<double>(pixel);
    first = std::min(first, pixel);
    last = std::max(last, pixel);
  }

  /// How far to move the ink, of total `mass`, so that its centre is as near to the middle as it
  /// can be without leaving the image.
  [[nodiscard]] nn::Index shift(double mass) const {
    const double wanted = static_cast<double>(image_side / 2) - moment / mass;
    return std::clamp(static_cast<nn::Index>(std::lround(wanted)), -first, image_side - 1 - last);
  }
};

}  // namespace detail

/// Writes `ink`, at most 28x28, into `image` [28, 28] with its centre of mass at pixel (14, 14), as
/// in MNIST (LeCun, Bottou, Bengio and Haffner 1998). Moves it by whole pixels, so nothing is
/// resampled.
inline void centre_by_mass(const Ink& ink, std::uint8_t* image) {
  const nn::Index height = ink.dimension(0);
  const nn::Index width = ink.dimension(1);
  NN_ASSERT(height <= image_side && width <= image_side);
  double mass = 0;
  detail::Extent rows;
  detail::Extent columns;
  for (nn::Index y = 0; y < height; ++y) {
    for (nn::Index x = 0; x < width; ++x) {
      const auto here = static_cast<double>(ink(y, x));
      if (here <= 0) continue;
      mass += here;
      rows.add(y, here);
      columns.add(x, here);
    }
  }
  std::fill(image, image + image_side * image_side, std::uint8_t{0});
  if (mass <= 0) return;
  const nn::Index down = rows.shift(mass);
  const nn::Index right = columns.shift(mass);
  for (nn::Index y = rows.first; y <= rows.last; ++y) {
    for (nn::Index x = columns.first; x <= columns.last; ++x) {
      const float grey = 255 * std::clamp(ink(y, x), 0.0f, 1.0f);
      image[(y + down) * image_side + x + right] = static_cast<std::uint8_t>(std::lround(grey));
    }
  }
}

}  // namespace mnist
