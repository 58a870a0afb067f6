// SPDX-License-Identifier: MIT
// Connected pieces of ink.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "mnist/picture/box.hpp"
#include "mnist/picture/threshold.hpp"
#include "nn/core/tensor.hpp"

namespace mnist::detail {

/// A connected piece of ink: the numbers of its pixels, and the box around them.
struct Piece {
  std::vector<nn::Index> pixels;
  Box box;
};

/// Moves all pixels that are connected to pixel `first`, also diagonally, from the mask to a piece.
[[nodiscard]] inline Piece take_piece(Mask& mask, nn::Index first) {
  const nn::Index height = mask.dimension(0), width = mask.dimension(1);
  Piece piece{{first}, {height, width, 0, 0}};
  mask.data()[first] = 0;
  for (std::size_t next = 0; next < piece.pixels.size(); ++next) {
    const nn::Index y = piece.pixels[next] / width, x = piece.pixels[next] % width;
    piece.box = piece.box.with({y, x, y + 1, x + 1});
    for (nn::Index i = std::max<nn::Index>(y - 1, 0); i < std::min(y + 2, height); ++i) {
      for (nn::Index j = std::max<nn::Index>(x - 1, 0); j < std::min(x + 2, width); ++j) {
        if (mask(i, j) == 0) continue;
        mask(i, j) = 0;
        piece.pixels.push_back(i * width + j);
      }
    }
  }
  return piece;
}

/// All pieces of the mask.
[[nodiscard]] inline std::vector<Piece> pieces_of(Mask mask) {
  std::vector<Piece> pieces;
  for (nn::Index i = 0; i < mask.size(); ++i) {
    if (mask.data()[i] != 0) pieces.push_back(take_piece(mask, i));
  }
  return pieces;
}

/// Which pixels the pieces cover, in a picture of this size.
[[nodiscard]] inline Mask mask_of(const std::vector<Piece>& pieces, nn::Index height,
                                  nn::Index width) {
  Mask mask(height, width);
  mask.setZero();
  for (const Piece& piece : pieces) {
    for (const nn::Index pixel : piece.pixels) mask.data()[pixel] = 1;
  }
  return mask;
}

/// Whether the pixel lies in the picture.
[[nodiscard]] inline bool is_inside(const Mask& mask, nn::Index y, nn::Index x) {
  return y >= 0 && y < mask.dimension(0) && x >= 0 && x < mask.dimension(1);
}
/// Whether the pixel lies in the picture and in the mask.
[[nodiscard]] inline bool is_set(const Mask& mask, nn::Index y, nn::Index x) {
  return is_inside(mask, y, x) && mask(y, x) != 0;
}

/// The sides of a pixel behind which there is no ink, 0 to 4.
[[nodiscard]] inline int free_sides(const Mask& mask, nn::Index pixel) {
  const nn::Index y = pixel / mask.dimension(1), x = pixel % mask.dimension(1);
  int count = 0;
  for (const bool is_ink : {is_set(mask, y - 1, x), is_set(mask, y + 1, x), is_set(mask, y, x - 1),
                            is_set(mask, y, x + 1)}) {
    count += is_ink ? 0 : 1;
  }
  return count;
}

/// The mean width of the strokes, in pixels: twice their area over the length of their outline.
[[nodiscard]] inline double stroke_width(const std::vector<Piece>& pieces, const Mask& mask) {
  double area = 0, outline = 0;
  for (const Piece& piece : pieces) {
    area += static_cast<double>(piece.pixels.size());
    for (const nn::Index pixel : piece.pixels) outline += free_sides(mask, pixel);
  }
  return 2 * area / std::max(outline, 1.0);
}

}  // namespace mnist::detail
