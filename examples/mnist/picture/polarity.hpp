// SPDX-License-Identifier: MIT
// Whether the writing is darker than the paper or lighter.
#pragma once

#include <algorithm>
#include <cmath>

#include "mnist/picture/box.hpp"
#include "mnist/picture/light.hpp"
#include "nn/core/tensor.hpp"

namespace mnist::detail {

/// The skewness of the differences of each pixel from the mean of those around it. A little ink on
/// much paper is the long tail: below zero if it is dark. Slopes of light and straight edges count
/// for little, as they are symmetric.
[[nodiscard]] inline double skewness(const Light& light) {
  const nn::Index height = light.dimension(0), width = light.dimension(1);
  const nn::Index reach = std::max(height, width) / 4;
  nn::Tensor<double, 2> sums(height + 1, width + 1);  // of all pixels above and left of a corner
  sums.setZero();
  for (nn::Index y = 0; y < height; ++y) {
    for (nn::Index x = 0; x < width; ++x) {
      sums(y + 1, x + 1) = light(y, x) + sums(y, x + 1) + sums(y + 1, x) - sums(y, x);
    }
  }
  double squares = 0, cubes = 0;
  for (nn::Index y = 0; y < height; ++y) {
    for (nn::Index x = 0; x < width; ++x) {
      const Box around{std::max<nn::Index>(y - reach, 0), std::max<nn::Index>(x - reach, 0),
                       std::min(y + reach + 1, height), std::min(x + reach + 1, width)};
      const double sum = sums(around.bottom, around.right) - sums(around.top, around.right) -
                         sums(around.bottom, around.left) + sums(around.top, around.left);
      const double mean = sum / static_cast<double>(around.height() * around.width());
      const double difference = static_cast<double>(light(y, x)) - mean;
      squares += difference * difference;
      cubes += difference * difference * difference;
    }
  }
  const auto count = static_cast<double>(light.size());
  return squares == 0 ? 0 : cubes / count / std::pow(squares / count, 1.5);
}

/// Halfway between the darkest pixel and the lightest.
[[nodiscard]] inline int middle_of(const Light& light) {
  const auto [darkest, lightest] = std::minmax_element(light.data(), light.data() + light.size());
  return (*darkest + *lightest) / 2;
}

/// What lies along the picture's border.
struct Border {
  bool is_dark = false;   // for the most part: nearer to the darkest pixel than to the lightest
  bool is_noise = false;  // dark and light in turn, as no writing is
};

[[nodiscard]] inline Border border_of(const Light& light) {
  const nn::Index height = light.dimension(0), width = light.dimension(1);
  const int middle = middle_of(light);
  nn::Index balance = 0, changes = 0;
  bool was_light = false;
  const auto count = [&](nn::Index y, nn::Index x) {
    const bool is_light = light(y, x) > middle;
    balance += is_light ? 1 : -1;
    changes += is_light != was_light ? 1 : 0;
    was_light = is_light;
  };
  for (const nn::Index y : {nn::Index{0}, height - 1}) {
    for (nn::Index x = 0; x < width; ++x) count(y, x);
  }
  for (const nn::Index x : {nn::Index{0}, width - 1}) {
    for (nn::Index y = 0; y < height; ++y) count(y, x);
  }
  // Writing crosses the border in a few places, noise in every second pixel.
  const bool is_noise = 4 * changes > height + width;
  return {.is_dark = balance < 0, .is_noise = is_noise};
}

/// The side of the largest square that is all dark, or all light.
[[nodiscard]] inline nn::Index widest_square(const Light& light, bool is_dark) {
  const nn::Index height = light.dimension(0), width = light.dimension(1);
  const int middle = middle_of(light);
  nn::Tensor<nn::Index, 2> sides(height + 1, width + 1);  // of squares that end above and left
  sides.setZero();
  nn::Index widest = 0;
  for (nn::Index y = 0; y < height; ++y) {
    for (nn::Index x = 0; x < width; ++x) {
      if ((light(y, x) <= middle) != is_dark) continue;
      sides(y + 1, x + 1) = 1 + std::min({sides(y, x), sides(y, x + 1), sides(y + 1, x)});
      widest = std::max(widest, sides(y + 1, x + 1));
    }
  }
  return widest;
}

/// Whether what differs from the border is a sheet on a table, not writing: it is wide, and wider
/// than anything as dark or as light as the border.
[[nodiscard]] inline bool shows_sheet(const Light& light, bool is_border_dark) {
  const nn::Index sheet = widest_square(light, !is_border_dark);
  const nn::Index table = widest_square(light, is_border_dark);
  return 5 * sheet > std::max(light.dimension(0), light.dimension(1)) && 2 * sheet > 3 * table;
}

struct Polarity {
  bool is_ink_light = false;  // on dark paper
  bool is_filled = false;     // by the writing, up to the border
};

/// A digit that fills the picture may have more ink than paper. Then the border tells, which is
/// paper for the most part.
[[nodiscard]] inline Polarity polarity_of(const Light& light) {
  constexpr double clear = 1;
  const double skew = skewness(light);
  const Border border = border_of(light);
  const bool is_filled =
      std::abs(skew) <= clear && !border.is_noise && !shows_sheet(light, border.is_dark);
  return {is_filled ? border.is_dark : skew > 0, is_filled};
}

}  // namespace mnist::detail
