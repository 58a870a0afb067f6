// SPDX-License-Identifier: MIT
// Puts pieces of ink together to digits, left to right.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "mnist/picture/box.hpp"
#include "mnist/picture/extremes.hpp"
#include "mnist/picture/pieces.hpp"
#include "nn/core/tensor.hpp"

namespace mnist::detail {

/// Adds the pixels of one piece to another.
inline void join(Piece& piece, const Piece& other) {
  piece.pixels.insert(piece.pixels.end(), other.pixels.begin(), other.pixels.end());
  piece.box = piece.box.with(other.box);
}

/// Joins pieces that are less than half a stroke's width apart, as a dry pen leaves them.
inline void join_across_gaps(std::vector<Piece>& pieces, const Mask& mask) {
  const nn::Index height = mask.dimension(0), width = mask.dimension(1);
  const nn::Index reach{std::lround(stroke_width(pieces, mask) / 4)};
  if (reach == 0) return;
  const Mask written = mask_of(pieces, height, width);
  pieces = pieces_of(lightest_near(written, reach));
  for (Piece& piece : pieces) {
    std::erase_if(piece.pixels, [&](nn::Index pixel) { return written.data()[pixel] == 0; });
    piece.box = {height, width, 0, 0};
    for (const nn::Index pixel : piece.pixels) {
      const nn::Index y = pixel / width, x = pixel % width;
      piece.box = piece.box.with({y, x, y + 1, x + 1});
    }
  }
}

/// How far two ranges are apart; below zero if they overlap.
[[nodiscard]] inline nn::Index gap(nn::Index begin, nn::Index end, nn::Index other_begin,
                                   nn::Index other_end) {
  return std::max(begin, other_begin) - std::min(end, other_end);
}

/// Whether two pieces are of the same digit, in writing of this height: one above the other, or a
/// small one near another.
[[nodiscard]] inline bool belong_together(const Box& a, const Box& b, nn::Index height) {
  const nn::Index across = gap(a.left, a.right, b.left, b.right);
  const nn::Index down = gap(a.top, a.bottom, b.top, b.bottom);
  const bool is_above = 2 * -across >= std::min(a.width(), b.width()) && 4 * down <= height;
  const bool is_small = 10 * std::min(a.height(), b.height()) < 6 * height;
  const bool is_near = 12 * across <= height && 12 * down <= height;
  return is_above || (is_small && is_near);
}

/// The digits among pieces of ink, in the order of reading. What is less than half as high as the
/// highest is none. None at all if there are more than a picture of digits would have.
[[nodiscard]] inline std::vector<Piece> digits_of(std::vector<Piece> pieces) {
  constexpr std::size_t most_digits = 20;
  const auto highest = [&] {
    nn::Index height = 0;
    for (const Piece& piece : pieces) height = std::max(height, piece.box.height());
    return height;
  };
  const nn::Index height = highest();
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    for (std::size_t j = 0; j < pieces.size(); ++j) {
      if (i == j || !belong_together(pieces[i].box, pieces[j].box, height)) continue;
      join(pieces[i], pieces[j]);
      pieces.erase(pieces.begin() + static_cast<std::ptrdiff_t>(j));
      i = 0;  // the joined piece may reach others
      j = static_cast<std::size_t>(-1);
    }
  }
  std::erase_if(pieces,
                [least = highest() / 2](const Piece& piece) { return piece.box.height() < least; });
  std::sort(pieces.begin(), pieces.end(),
            [](const Piece& a, const Piece& b) { return a.box.left < b.box.left; });
  if (pieces.size() > most_digits) pieces.clear();
  return pieces;
}

}  // namespace mnist::detail
