// SPDX-License-Identifier: MIT
// Finds the digits in a picture.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "mnist/centre.hpp"
#include "mnist/picture/digits.hpp"
#include "mnist/picture/extremes.hpp"
#include "mnist/picture/light.hpp"
#include "mnist/picture/paper.hpp"
#include "mnist/picture/pieces.hpp"
#include "mnist/picture/rules.hpp"
#include "mnist/picture/surroundings.hpp"
#include "mnist/picture/threshold.hpp"
#include "nn/core/tensor.hpp"

namespace mnist::detail {

/// The digits of a picture, left to right, and its ink: 0 is none, 1 is full.
struct Finding {
  Ink ink;
  std::vector<Piece> digits;
};

[[nodiscard]] inline std::size_t size_of(const std::vector<Piece>& pieces) {
  std::size_t size = 0;
  for (const Piece& piece : pieces) size += piece.pixels.size();
  return size;
}

[[nodiscard]] inline nn::Index tallest_of(const std::vector<Piece>& pieces) {
  nn::Index tallest = 0;
  for (const Piece& piece : pieces) tallest = std::max(tallest, piece.box.height());
  return tallest;
}

/// Whether some pixel of a piece has at least this much ink.
[[nodiscard]] inline bool has_ink(const Piece& piece, const Ink& ink, float least) {
  return std::any_of(piece.pixels.begin(), piece.pixels.end(),
                     [&](nn::Index pixel) { return ink.data()[pixel] >= least; });
}

/// Finds digits whose strokes are narrower than `span` pixels. Edges are up to `blur` pixels wide.
[[nodiscard]] inline Finding find_strokes(const Light& light, nn::Index span, nn::Index blur) {
  const nn::Index height = light.dimension(0), width = light.dimension(1);
  Finding finding{ink_on(light, span), {}};
  Ink& ink = finding.ink;
  const float faintest = faintest_ink(ink);
  remove_rules(ink, faintest);
  const float full = full_ink(ink, faintest);
  if (full < 1.5f * faintest) return finding;  // no more than noise

  Mask mask = above(ink, std::max(faintest, full / 2));
  std::vector<Piece> pieces = pieces_of(mask);
  constexpr std::size_t most_pieces = 200;  // plenty for any writing: the rest is dust
  if (4 * pieces.size() <= most_pieces && stroke_width(pieces, mask) < 2) {
    // Thin lines are pale where they lie across two pixels.
    mask = above(ink, std::max(faintest, full / 3));
    pieces = pieces_of(mask);
    std::erase_if(pieces, [&](const Piece& piece) { return !has_ink(piece, ink, full / 2); });
  }
  const std::size_t all = size_of(pieces);
  keep_largest(pieces, most_pieces);
  const std::size_t dust = all - size_of(pieces);
  const nn::Index reach = std::max(span / 4, 2 * blur);
  std::erase_if(pieces,
                [&](const Piece& piece) { return !has_edges(piece, mask, ink, light, reach); });
  remove_surroundings(pieces, height, width);
  const std::size_t written = size_of(pieces) + dust;
  remove_specks(pieces);
  join_across_gaps(pieces, mask);
  finding.digits = digits_of(std::move(pieces));

  // What is tiny, or a small part of all that is there, is noise.
  const nn::Index smallest = std::max(height, width) / 50;
  std::erase_if(finding.digits, [&](const Piece& digit) { return digit.box.height() < smallest; });
  if (3 * size_of(finding.digits) < written) finding.digits.clear();
  for (nn::Index i = 0; i < ink.size(); ++i) {
    ink.data()[i] = std::clamp((ink.data()[i] - faintest) / (full - faintest), 0.0f, 1.0f);
  }
  // Nor is it writing if beside the rest it can hardly be seen.
  constexpr float visible = 0.2f;
  std::erase_if(finding.digits, [&](const Piece& digit) { return !has_ink(digit, ink, visible); });
  return finding;
}

/// Finds the digits in a picture of dark ink, whose edges are up to `blur` pixels wide. Begins with
/// narrow strokes, as shadows are wide, and goes on to wider ones while those find more ink, or
/// while there is nothing but specks.
[[nodiscard]] inline Finding find_digits(const Light& light, nn::Index blur) {
  const nn::Index longest = std::max(light.dimension(0), light.dimension(1));
  Finding best;
  for (nn::Index span = std::max(longest / 16, 4 * blur); span <= longest / 2; span *= 2) {
    Finding finding = find_strokes(light, span, blur);
    const std::size_t before = size_of(best.digits);
    if (100 * size_of(finding.digits) > 108 * before) {
      best = std::move(finding);
    } else if (10 * tallest_of(best.digits) > longest) {
      break;
    }
  }
  return best;
}

}  // namespace mnist::detail
