// SPDX-License-Identifier: MIT
// Finds the lines printed on paper, ruled or squared, and removes them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "mnist/centre.hpp"
#include "mnist/picture/threshold.hpp"
#include "nn/core/tensor.hpp"

namespace mnist::detail {

/// A straight line across a coarse picture: its row at the left edge and at the right one, and
/// where it begins and ends.
struct Rule {
  double left_row = 0, right_row = 0;
  nn::Index begin = 0, end = 0;
  [[nodiscard]] nn::Index length() const { return end - begin; }
};

/// The parts of the mask whose columns are at most `thickest` pixels high: those of level lines.
[[nodiscard]] inline Mask thin_parts(const Mask& mask, nn::Index thickest) {
  const nn::Index height = mask.dimension(0), width = mask.dimension(1);
  Mask thin(height, width);
  thin.setZero();
  std::vector<nn::Index> top(static_cast<std::size_t>(width), 0);  // of the run in each column
  for (nn::Index y = 0; y <= height; ++y) {
    for (nn::Index x = 0; x < width; ++x) {
      if (y < height && mask(y, x) != 0) continue;
      nn::Index& first = top[static_cast<std::size_t>(x)];
      if (y - first <= thickest) {
        for (nn::Index i = first; i < y; ++i) thin(i, x) = 1;
      }
      first = y + 1;
    }
  }
  return thin;
}

/// What a square of pixels holds.
inline constexpr std::uint8_t thick_ink = 1, thin_ink = 2;  // 3: both

[[nodiscard]] inline Mask coarse(const Mask& ink, const Mask& thin, nn::Index square) {
  Mask small((ink.dimension(0) + square - 1) / square, (ink.dimension(1) + square - 1) / square);
  small.setZero();
  for (nn::Index y = 0; y < ink.dimension(0); ++y) {
    for (nn::Index x = 0; x < ink.dimension(1); ++x) {
      std::uint8_t& content = small(y / square, x / square);
      content = static_cast<std::uint8_t>(content | (thin(y, x) != 0 ? thin_ink : ink(y, x)));
    }
  }
  return small;
}

/// The longest part of the line between two rows that lies in thin ink, but for small gaps. Thick
/// ink may hide it.
[[nodiscard]] inline Rule longest_part(const Mask& mask, double left_row, double right_row,
                                       nn::Index shortest) {
  constexpr nn::Index gap = 3;  // squares of line make up for an empty one
  const nn::Index height = mask.dimension(0), width = mask.dimension(1);
  const double step = (right_row - left_row) / static_cast<double>(width);
  Rule best{left_row, right_row, 0, 0};
  nn::Index begin = 0, score = 0, num_empty = 0;
  for (nn::Index x = 0; x < width; ++x) {
    const auto y = static_cast<nn::Index>(left_row + step * (static_cast<double>(x) + 0.5));
    const int here = y >= 0 && y < height ? mask(y, x) : 0;
    if ((here & thin_ink) != 0) {
      if (score++ == 0) begin = x;
      if (x + 1 - begin > best.length()) best.begin = begin, best.end = x + 1;
    } else if (here == 0) {
      score = std::max<nn::Index>(score - gap, 0);
      if (gap * ++num_empty > (gap + 1) * (width - shortest) + shortest) break;
    }
  }
  return best;
}

/// All lines of at least `shortest` squares, longest first, that differ from each other. They may
/// slope by up to a tenth.
[[nodiscard]] inline std::vector<Rule> find_rules(Mask mask, nn::Index shortest) {
  const nn::Index height = mask.dimension(0), width = mask.dimension(1);
  const nn::Index steepest = width / 10;
  std::vector<Rule> found;
  for (nn::Index rise = -steepest; rise <= steepest; ++rise) {
    for (nn::Index row = -std::max<nn::Index>(rise, 0); row < height - std::min<nn::Index>(rise, 0);
         ++row) {
      const auto left_row = static_cast<double>(row) + 0.5;
      const Rule rule =
          longest_part(mask, left_row, left_row + static_cast<double>(rise), shortest);
      if (rule.length() >= shortest) found.push_back(rule);
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Rule& a, const Rule& b) { return a.length() > b.length(); });
  std::vector<Rule> rules;
  for (const Rule& rule : found) {
    const Rule rest = longest_part(mask, rule.left_row, rule.right_row, shortest);
    if (rest.length() < shortest) continue;  // a longer one has taken its squares
    rules.push_back(rest);
    const double step = (rest.right_row - rest.left_row) / static_cast<double>(width);
    for (nn::Index x = rest.begin; x < rest.end; ++x) {
      const auto y = static_cast<nn::Index>(rest.left_row + step * (static_cast<double>(x) + 0.5));
      for (nn::Index i = std::max<nn::Index>(y - 1, 0); i < std::min(y + 2, height); ++i)
        mask(i, x) &= thick_ink;
    }
  }
  return rules;
}

/// Removes a rule from the ink: what lies in `thin` within a square of it. Where something crosses,
/// the ink is thicker and stays.
inline void remove_rule(const Rule& rule, const Mask& thin, nn::Index square, Ink& ink) {
  const nn::Index height = ink.dimension(0), width = ink.dimension(1);
  const auto size = static_cast<double>(square);
  const nn::Index num_squares = (width + square - 1) / square;
  const double step = (rule.right_row - rule.left_row) / static_cast<double>(num_squares);
  for (nn::Index x = rule.begin * square; x < std::min(rule.end * square, width); ++x) {
    const double middle = size * (rule.left_row + step * (static_cast<double>(x) + 0.5) / size);
    const auto top = static_cast<nn::Index>(middle - 1.5 * size),
               bottom = static_cast<nn::Index>(middle + 1.5 * size);
    for (nn::Index y = std::max<nn::Index>(top, 0); y < std::min(bottom + 1, height); ++y) {
      if (thin(y, x) != 0) ink(y, x) = 0;
    }
  }
}

[[nodiscard]] inline Ink transposed(const Ink& ink) {
  Ink turned(ink.dimension(1), ink.dimension(0));
  for (nn::Index y = 0; y < ink.dimension(0); ++y) {
    for (nn::Index x = 0; x < ink.dimension(1); ++x) turned(x, y) = ink(y, x);
  }
  return turned;
}

/// Removes the level lines from ink above `faintest`: those that cross the picture, and those that
/// have another one beside them.
inline void remove_level_rules(Ink& ink, float faintest) {
  constexpr nn::Index squares = 256;  // along the longer side
  const nn::Index longest = std::max(ink.dimension(0), ink.dimension(1));
  const nn::Index square = (longest + squares - 1) / squares;
  const Mask mask = above(ink, faintest);
  const Mask thin = thin_parts(mask, std::max<nn::Index>(longest / 80, 3));
  const Mask small = coarse(mask, thin, square);
  const nn::Index width = small.dimension(1);
  const std::vector<Rule> rules = find_rules(small, width - width / 4);
  for (const Rule& rule : rules) {
    if (rules.size() == 1 && rule.length() < width - width / 16) continue;
    remove_rule(rule, thin, square, ink);
  }
}

inline void remove_rules(Ink& ink, float faintest) {
  Ink turned = transposed(ink);
  remove_level_rules(ink, faintest);
  remove_level_rules(turned, faintest);
  for (nn::Index y = 0; y < ink.dimension(0); ++y) {
    for (nn::Index x = 0; x < ink.dimension(1); ++x) ink(y, x) = std::min(ink(y, x), turned(x, y));
  }
}

}  // namespace mnist::detail
