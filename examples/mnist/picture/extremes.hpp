// SPDX-License-Identifier: MIT
// The lightest and the darkest pixels of squares (Serra, "Image Analysis and Mathematical
// Morphology", 1982).
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "mnist/picture/light.hpp"
#include "nn/core/tensor.hpp"

namespace mnist::detail {

struct Lightest {
  static constexpr std::uint8_t none = 0;  // changes no result
  std::uint8_t operator()(std::uint8_t a, std::uint8_t b) const { return std::max(a, b); }
};

struct Darkest {
  static constexpr std::uint8_t none = 255;
  std::uint8_t operator()(std::uint8_t a, std::uint8_t b) const { return std::min(a, b); }
};

/// Picks from `count` rows of `width` numbers: row i becomes, number by number, the pick of rows i
/// to i + `span` - 1, as far as there are such rows. Each step doubles how far the rows have seen.
template <class Pick>
void pick_from_rows(std::uint8_t* rows, nn::Index count, nn::Index width, nn::Index span) {
  for (nn::Index seen = 1; seen < span;) {
    const nn::Index step = std::min(seen, span - seen);
    for (nn::Index y = 0; y + step < count; ++y) {
      std::uint8_t* const row = rows + y * width;
      const std::uint8_t* const other = row + step * width;
      for (nn::Index x = 0; x < width; ++x) row[x] = Pick{}(row[x], other[x]);
    }
    seen += step;
  }
}

[[nodiscard]] inline Light transposed(const Light& light) {
  Light turned(light.dimension(1), light.dimension(0));
  constexpr nn::Index tile = 32;  // so that both stay in the cache
  for (nn::Index top = 0; top < light.dimension(0); top += tile) {
    for (nn::Index left = 0; left < light.dimension(1); left += tile) {
      for (nn::Index y = top; y < std::min(top + tile, light.dimension(0)); ++y) {
        for (nn::Index x = left; x < std::min(left + tile, light.dimension(1)); ++x) {
          turned(x, y) = light(y, x);
        }
      }
    }
  }
  return turned;
}

/// The pick of each rectangle of `down` x `across` pixels that lies in the picture, at its upper
/// left pixel. Shape [H - down + 1, W - across + 1]
template <class Pick>
[[nodiscard]] Light pick_of(Light light, nn::Index down, nn::Index across) {
  for (const nn::Index span : {down, across}) {
    const nn::Index height = light.dimension(0), width = light.dimension(1);
    pick_from_rows<Pick>(light.data(), height, width, span);
    Light kept(height - span + 1, width);
    std::copy_n(light.data(), kept.size(), kept.data());
    light = transposed(kept);
  }
  return light;
}

/// The picture with more pixels around it, which `Pick` never picks.
template <class Pick>
[[nodiscard]] Light padded(const Light& light, nn::Index rows, nn::Index columns) {
  const nn::Index height = light.dimension(0), width = light.dimension(1);
  Light wide(height + 2 * rows, width + 2 * columns);
  wide.setConstant(Pick::none);
  for (nn::Index y = 0; y < height; ++y) {
    std::copy_n(light.data() + y * width, width,
                wide.data() + (y + rows) * wide.dimension(1) + columns);
  }
  return wide;
}

/// Each pixel becomes the second pick of all squares of `span` pixels a side that it lies in, each
/// as bright as the first pick of its pixels. Squares lie in the picture, and are no larger than
/// it.
template <class First, class Second>
[[nodiscard]] Light filtered(const Light& light, nn::Index span) {
  const nn::Index down = std::min(span, light.dimension(0));
  const nn::Index across = std::min(span, light.dimension(1));
  const Light squares = pick_of<First>(light, down, across);
  return pick_of<Second>(padded<Second>(squares, down - 1, across - 1), down, across);
}

/// The picture without what is darker than its surroundings and narrower than `span` pixels.
[[nodiscard]] inline Light closing(const Light& light, nn::Index span) {
  return filtered<Lightest, Darkest>(light, span);
}

/// The picture without what is lighter than its surroundings and narrower than `span` pixels.
[[nodiscard]] inline Light opening(const Light& light, nn::Index span) {
  return filtered<Darkest, Lightest>(light, span);
}

/// The lightest of all pixels that are at most `reach` rows and columns away.
[[nodiscard]] inline Light lightest_near(const Light& light, nn::Index reach) {
  return pick_of<Lightest>(padded<Lightest>(light, reach, reach), 2 * reach + 1, 2 * reach + 1);
}

}  // namespace mnist::detail
