// SPDX-License-Identifier: MIT
// A digit's ink alone, in a pen as wide as MNIST's, scaled to its box.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "mnist/centre.hpp"
#include "mnist/picture/box.hpp"
#include "mnist/picture/digits.hpp"
#include "mnist/picture/extremes.hpp"
#include "mnist/picture/pieces.hpp"
#include "mnist/picture/threshold.hpp"
#include "nn/core/tensor.hpp"

namespace mnist::detail {

/// The ink of a piece and of its soft edges, up to `blur` pixels from it: 0 to 255, in the box
/// around the piece and `margin` pixels more on each side.
[[nodiscard]] inline Light ink_of(const Piece& piece, const Ink& ink, nn::Index blur,
                                  nn::Index margin) {
  const nn::Index height = ink.dimension(0), width = ink.dimension(1);
  const nn::Index top = piece.box.top - margin, left = piece.box.left - margin;
  Mask inside(piece.box.height() + 2 * margin, piece.box.width() + 2 * margin);
  inside.setZero();
  for (const nn::Index pixel : piece.pixels) inside(pixel / width - top, pixel % width - left) = 1;
  Light alone = lightest_near(inside, blur);
  for (nn::Index y = 0; y < alone.dimension(0); ++y) {
    for (nn::Index x = 0; x < alone.dimension(1); ++x) {
      const nn::Index i = y + top, j = x + left;
      const bool is_in = alone(y, x) != 0 && i >= 0 && i < height && j >= 0 && j < width;
      alone(y, x) =
          is_in ? static_cast<std::uint8_t>(std::lround(255 * ink(i, j))) : std::uint8_t{0};
    }
  }
  return alone;
}

/// The box around the pixels that are not nearly empty.
[[nodiscard]] inline Box box_of(const Light& ink) {
  constexpr int faintest = 25;  // of 255
  Box box{ink.dimension(0), ink.dimension(1), 0, 0};
  for (nn::Index y = 0; y < ink.dimension(0); ++y) {
    for (nn::Index x = 0; x < ink.dimension(1); ++x) {
      if (ink(y, x) > faintest) box = box.with({y, x, y + 1, x + 1});
    }
  }
  return box;
}

/// The digit as MNIST has it, but for its place: scaled into 20x20, by a pen that is no thinner
/// than there. Shape [H, W], the larger of which is 20
[[nodiscard]] inline Ink scaled_digit(const Piece& piece, const Ink& ink, nn::Index blur) {
  constexpr double pen = 1.5 / digit_side;  // of the digit's size
  const auto size = static_cast<double>(std::max(piece.box.height(), piece.box.width()));
  const double missing = std::max(
      pen * size - stroke_width({piece}, mask_of({piece}, ink.dimension(0), ink.dimension(1))),
      0.0);
  const nn::Index wider{std::lround(missing / 2)};
  const Light thick = lightest_near(ink_of(piece, ink, blur, blur + wider), wider);
  const Box box = box_of(thick);
  const nn::Index longest = std::max(box.height(), box.width());
  Ink digit = resize_by_area(thick, box, scaled(box.height(), longest, digit_side),
                             scaled(box.width(), longest, digit_side));
  // Scaling by area makes thin lines pale.
  const float darkest = *std::max_element(digit.data(), digit.data() + digit.size());
  for (nn::Index i = 0; i < digit.size(); ++i) digit.data()[i] /= darkest;
  return digit;
}

}  // namespace mnist::detail
