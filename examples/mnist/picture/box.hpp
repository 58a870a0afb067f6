// SPDX-License-Identifier: MIT
// Parts of a picture, and how they are scaled.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "mnist/centre.hpp"
#include "nn/core/tensor.hpp"

namespace mnist::detail {

/// A part of a picture: rows top .. bottom - 1, columns left .. right - 1.
struct Box {
  nn::Index top = 0;
  nn::Index left = 0;
  nn::Index bottom = 0;
  nn::Index right = 0;
  [[nodiscard]] nn::Index height() const { return bottom - top; }
  [[nodiscard]] nn::Index width() const { return right - left; }

  [[nodiscard]] bool contains(const Box& other) const {
    return top <= other.top && left <= other.left && bottom >= other.bottom && right >= other.right;
  }
  /// The smallest box around both.
  [[nodiscard]] Box with(const Box& other) const {
    return {std::min(top, other.top), std::min(left, other.left), std::max(bottom, other.bottom),
            std::max(right, other.right)};
  }
};

/// Scales `box` of `from` to [height, width]. Each new pixel is the mean of the area that it
/// covers.
[[nodiscard]] inline Ink resize_by_area(const nn::Tensor<std::uint8_t, 2>& from, const Box& box,
                                        nn::Index height, nn::Index width) {
  const double step_y = static_cast<double>(box.height()) / static_cast<double>(height);
  const double step_x = static_cast<double>(box.width()) / static_cast<double>(width);
  // The share of old pixel `old`, counted from the edge of the box, that new pixel `now` covers.
  const auto overlap = [](nn::Index old, nn::Index now, double step) {
    const double low = std::max(static_cast<double>(old), static_cast<double>(now) * step);
    const double high = std::min(static_cast<double>(old + 1), static_cast<double>(now + 1) * step);
    return std::max(high - low, 0.0);
  };
  const auto begin = [](nn::Index now, double step) {
    return static_cast<nn::Index>(static_cast<double>(now) * step);
  };
  const auto end = [](nn::Index now, double step, nn::Index size) {
    return std::min(static_cast<nn::Index>(std::ceil(static_cast<double>(now + 1) * step)), size);
  };
  Ink to(height, width);
  for (nn::Index y = 0; y < height; ++y) {
    for (nn::Index x = 0; x < width; ++x) {
      double sum = 0;
      for (nn::Index i = begin(y, step_y); i < end(y, step_y, box.height()); ++i) {
        double row = 0;
        for (nn::Index j = begin(x, step_x); j < end(x, step_x, box.width()); ++j) {
          row += overlap(j, x, step_x) * static_cast<double>(from(box.top + i, box.left + j));
        }
        sum += overlap(i, y, step_y) * row;
      }
      to(y, x) = static_cast<float>(sum / (step_y * step_x));
    }
  }
  return to;
}

/// `size` scaled so that `longest` becomes `target`, at least 1.
[[nodiscard]] inline nn::Index scaled(nn::Index size, nn::Index longest, nn::Index target) {
  return std::max(nn::Index{1}, (2 * size * target + longest) / (2 * longest));
}

}  // namespace mnist::detail
