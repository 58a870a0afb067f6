// SPDX-License-Identifier: MIT
// From the paths of a pen to the ink that it leaves.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "mnist/centre.hpp"

namespace mnist {

/// A place on the paper, x to the right, y down; a digit is about 1 high.
struct Point {
  double x = 0;
  double y = 0;
  friend bool operator==(const Point&, const Point&) = default;
};

/// A path of the pen from touching down to lifting off: a smooth curve through these points.
/// A point that is named twice in a row is a corner.
using Stroke = std::vector<Point>;

/// A round pen, in pixels.
struct Pen {
  double radius = 1.3;
  double edge = 1.0;  // width of the grey edge
};

namespace detail {

/// Scales all strokes to pixels, so that with a pen of this radius they fill the 20x20 box that
/// begins at (0, 0). What is smaller than `least` counts as that large, and a dot stays a dot.
inline void fit_box(std::vector<Stroke>& strokes, double radius, double least) {
  Point low = strokes.front().front();
  Point high = low;
  for (const Stroke& stroke : strokes) {
    for (const Point& p : stroke) {
      low = {std::min(low.x, p.x), std::min(low.y, p.y)};
      high = {std::max(high.x, p.x), std::max(high.y, p.y)};
    }
  }
  const double room = static_cast<double>(digit_side) - 2 * radius;
  const double scale = room / std::max({high.x - low.x, high.y - low.y, least});
  for (Stroke& stroke : strokes) {
    for (Point& p : stroke) {
      p = {radius + scale * (p.x - low.x), radius + scale * (p.y - low.y)};
    }
  }
}

/// Inks one straight piece with a round pen; its edge falls from full to none.
inline void ink_line(Ink& ink, Point a, Point b, const Pen& pen) {
  const double reach = pen.radius + pen.edge / 2;
  const auto pixel = [](double place) {
    return std::clamp(static_cast<nn::Index>(place), nn::Index{0}, digit_side);
  };
  const Point along = {b.x - a.x, b.y - a.y};
  const double length2 = std::max(along.x * along.x + along.y * along.y, 1e-12);
  for (nn::Index y = pixel(std::min(a.y, b.y) - reach); y < pixel(std::max(a.y, b.y) + reach + 1);
       ++y) {
    for (nn::Index x = pixel(std::min(a.x, b.x) - reach); x < pixel(std::max(a.x, b.x) + reach + 1);
         ++x) {
      const Point p = {static_cast<double>(x) + 0.5 - a.x, static_cast<double>(y) + 0.5 - a.y};
      const double t = std::clamp((p.x * along.x + p.y * along.y) / length2, 0.0, 1.0);
      const Point off = {p.x - t * along.x,
                         p.y - t * along.y};  // from the nearest point of the line
      const double distance2 = off.x * off.x + off.y * off.y;
      if (distance2 >= reach * reach) continue;
      const double cover = std::min((reach - std::sqrt(distance2)) / pen.edge, 1.0);
      ink(y, x) = std::max(ink(y, x), static_cast<float>(cover));
    }
  }
}

}  // namespace detail

/// The ink of all strokes, scaled together into a box of 20x20. Where they are smaller than
/// `least`, in their own unit, they are not enlarged to fill it. Needs a stroke, and two points or
/// more in each. Shape [20, 20]
[[nodiscard]] inline Ink ink_strokes(std::vector<Stroke> strokes, const Pen& pen,
                                     double least = 1e-3) {
  detail::fit_box(strokes, pen.radius, least);
  Ink ink(digit_side, digit_side);
  ink.setZero();
  for (const Stroke& stroke : strokes) {
    for (std::size_t i = 0; i + 1 < stroke.size(); ++i) {
      detail::ink_line(ink, stroke[i], stroke[i + 1], pen);
    }
  }
  return ink;
}

}  // namespace mnist
