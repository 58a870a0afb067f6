// SPDX-License-Identifier: MIT
// Tells writing from shadows, frames, tables and dust.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "mnist/centre.hpp"
#include "mnist/picture/box.hpp"
#include "mnist/picture/light.hpp"
#include "mnist/picture/pieces.hpp"
#include "mnist/picture/threshold.hpp"
#include "nn/core/tensor.hpp"

namespace mnist::detail {

/// Whether most of the outline of a piece is an edge: where it ends there is, within `reach`
/// pixels, the light that lacks on it. Shadows have none. Where there is far more light, the piece
/// is only a dark part of a stroke.
[[nodiscard]] inline bool has_edges(const Piece& piece, const Mask& mask, const Ink& ink,
                                    const Light& light, nn::Index reach) {
  constexpr float least_share = 0.75f;  // of its ink that a pixel lacks beside what lies there
  constexpr nn::Index steps[4][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
  int num_edges = 0, num_sharp = 0, num_steep = 0;
  for (const nn::Index pixel : piece.pixels) {
    const float own = ink.data()[pixel];
    const nn::Index y = pixel / mask.dimension(1), x = pixel % mask.dimension(1);
    for (const auto& [down, right] : steps) {
      if (is_set(mask, y + down, x + right)) continue;
      std::uint8_t lightest = 0;
      for (nn::Index i = 1; i <= reach; ++i) {
        const nn::Index there_y = y + i * down, there_x = x + i * right;
        if (!is_inside(mask, there_y, there_x)) break;
        lightest = std::max(lightest, light(there_y, there_x));
      }
      const float lack = ink_share(lightest, light.data()[pixel]);
      num_sharp += lack >= least_share * own ? 1 : 0;
      num_steep += lack > 3 * own + 0.1f ? 1 : 0;
      ++num_edges;
    }
  }
  return 2 * num_sharp > num_edges && 4 * num_steep < num_edges;
}

/// Keeps the `most` largest pieces.
inline void keep_largest(std::vector<Piece>& pieces, std::size_t most) {
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) {
    return a.pixels.size() > b.pixels.size();
  });
  if (pieces.size() > most) pieces.resize(most);
}

/// Removes pieces much smaller than the largest one.
inline void remove_specks(std::vector<Piece>& pieces) {
  constexpr std::size_t share = 50;  // a 5 may have a separate bar, which is more than 1/50 of it
  std::size_t largest = 0;
  for (const Piece& piece : pieces) largest = std::max(largest, piece.pixels.size());
  std::erase_if(pieces, [&](const Piece& piece) { return share * piece.pixels.size() < largest; });
}

/// Whether `outer` is around `inner`, as a frame is: on its way from the middle of `inner` in each
/// of eight directions, with at most one gap.
[[nodiscard]] inline bool surrounds(const Mask& outer, const Box& inner) {
  int num_hits = 0;
  for (nn::Index down = -1; down <= 1; ++down) {
    for (nn::Index right = -1; right <= 1; ++right) {
      if (down == 0 && right == 0) continue;
      nn::Index y = (inner.top + inner.bottom) / 2, x = (inner.left + inner.right) / 2;
      const auto is_inside = [&] {
        return y >= 0 && y < outer.dimension(0) && x >= 0 && x < outer.dimension(1);
      };
      while (is_inside() && outer(y, x) == 0) y += down, x += right;
      num_hits += is_inside() ? 1 : 0;
    }
  }
  return num_hits >= 7;
}

/// How much of the picture's border a piece takes up.
struct Contact {
  nn::Index length = 0;  // pixels
  int num_sides = 0;     // that it takes up nearly all of
};

[[nodiscard]] inline Contact contact_of(const Piece& piece, nn::Index height, nn::Index width) {
  std::array<nn::Index, 4> lengths{};  // top, bottom, left, right
  for (const nn::Index pixel : piece.pixels) {
    const nn::Index y = pixel / width, x = pixel % width;
    lengths[0] += y == 0 ? 1 : 0;
    lengths[1] += y == height - 1 ? 1 : 0;
    lengths[2] += x == 0 ? 1 : 0;
    lengths[3] += x == width - 1 ? 1 : 0;
  }
  Contact contact{std::accumulate(lengths.begin(), lengths.end(), nn::Index{0}), 0};
  for (std::size_t side = 0; side < 4; ++side) {
    contact.num_sides += 8 * lengths[side] >= 7 * (side < 2 ? width : height) ? 1 : 0;
  }
  return contact;
}

/// Removes what is no digit by its place: a piece along two sides of the picture, one along a part
/// of the border while something lies within the picture, and one around another. What it is
/// compared with has to be at least a tenth as high.
inline void remove_surroundings(std::vector<Piece>& pieces, nn::Index height, nn::Index width) {
  std::vector<Contact> contacts;
  for (const Piece& piece : pieces) contacts.push_back(contact_of(piece, height, width));
  std::vector<Piece> writing;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const Box& outer = pieces[i].box;
    const bool is_at_border = 4 * contacts[i].length >= std::min(height, width);
    Mask mask;  // of this piece, once it is needed
    const auto is_outside = [&](std::size_t j) {
      const Box& inner = pieces[j].box;
      if (i == j || 10 * inner.height() < outer.height()) return false;
      if (is_at_border && contacts[j].length == 0) return true;
      if (!outer.contains(inner)) return false;
      if (mask.size() == 0) mask = mask_of({pieces[i]}, height, width);
      return surrounds(mask, inner);
    };
    bool is_kept = contacts[i].num_sides < 2;
    for (std::size_t j = 0; j < pieces.size() && is_kept; ++j) is_kept = !is_outside(j);
    if (is_kept) writing.push_back(pieces[i]);
  }
  pieces = std::move(writing);
}

}  // namespace mnist::detail
