// SPDX-License-Identifier: MIT
// Digits drawn by the program itself, for machines without the real data.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

#include "mnist/centre.hpp"
#include "mnist/digit_shapes.hpp"
#include "mnist/idx.hpp"
#include "mnist/pen.hpp"
#include "nn/core/parallel.hpp"
#include "nn/core/random.hpp"
#include "nn/core/tensor.hpp"

namespace mnist {

/// Which part of a data set is drawn. The two never share an image.
enum class Split : std::uint16_t { train = 1, test = 2 };

namespace detail {

/// A sequence of random numbers for one image: the same for the same (seed, split, image).
class Dice {
 public:
  Dice(std::uint64_t seed, Split split, nn::Index image)
      : random_(seed, {nn::RandomPurpose::user, static_cast<std::uint16_t>(split),
                       static_cast<std::uint32_t>(image)}) {}

  [[nodiscard]] double uniform(double low, double high) {
    return low + (high - low) * random_.uniform(next_++);
  }

  /// Within two standard deviations of the mean.
  [[nodiscard]] double normal(double mean, double deviation) {
    return mean + deviation * random_.truncated_normal(next_++);
  }

 private:
  nn::Random random_;
  std::uint64_t next_ = 0;
};

/// How digits vary with writer, pen and moment. Fitted by eye and to the statistics of MNIST
/// (slant, width, amount of ink); no image of MNIST is used.
struct Habits {
  double jitter = 0.05;      // of each point of a shape, standard deviation; digits are 1 high
  double wobble = 0.05;      // of the paper as if it were rubber, largest amplitude
  double slant_mean = 0.12;  // of a vertical line to the right, per height
  double slant_deviation = 0.24;
  double turn_deviation = 0.09;  // radians
  double width_mean = 1.12;      // of the shape as it is listed
  double width_deviation = 0.25;
  double taper_deviation = 0.3;  // of width and of height between top and bottom
  double pen_mean = 1.3;         // radius, pixels
  double pen_deviation = 0.40;
  double edge = 1.0;    // width of the grey edge, pixels
  double grain = 0.25;  // of the paper: largest change of a grey pixel, of full ink
};

[[nodiscard]] inline const DigitShape& pick_shape(const DigitShapes& shapes, Dice& dice) {
  double total = 0;
  for (const DigitShape& shape : shapes) total += shape.weight;
  double rest = dice.uniform(0, total);
  for (const DigitShape& shape : shapes) {
    rest -= shape.weight;
    if (rest < 0) return shape;
  }
  return shapes.back();
}

/// Moves every point a little; the two points of a corner stay together.
inline void jitter(Stroke& stroke, double deviation, Dice& dice) {
  Point before;
  Point moved;
  for (std::size_t i = 0; i < stroke.size(); ++i) {
    if (i == 0 || stroke[i] != before) {
      before = stroke[i];
      moved = {before.x + dice.normal(0, deviation), before.y + dice.normal(0, deviation)};
    }
    stroke[i] = moved;
  }
}

/// Points along the smooth curve through `stroke`, its ends included (Catmull and Rom 1974).
[[nodiscard]] inline Stroke smooth_curve(const Stroke& stroke) {
  constexpr int steps = 6;  // per span: about two pixels
  Stroke curve{stroke.front()};
  for (std::size_t i = 0; i + 1 < stroke.size(); ++i) {
    const Point& p1 = stroke[i];
    const Point& p2 = stroke[i + 1];
    if (p1 == p2) continue;  // a corner
    const Point& p0 = stroke[i == 0 ? 0 : i - 1];
    const Point& p3 = stroke[std::min(i + 2, stroke.size() - 1)];
    const auto at = [](double a, double b, double c, double d, double t) {
      return b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
    };
    for (int step = 1; step <= steps; ++step) {
      const double t = static_cast<double>(step) / steps;
      curve.push_back({at(p0.x, p1.x, p2.x, p3.x, t), at(p0.y, p1.y, p2.y, p3.y, t)});
    }
  }
  return curve;
}

/// Bends all strokes together by a slow wave in each direction, so that near points move alike.
inline void wobble(std::vector<Stroke>& strokes, double amplitude, Dice& dice) {
  struct Wave {
    double size, along_x, along_y, phase;
    [[nodiscard]] double operator()(const Point& p) const {
      return size * std::sin(along_x * p.x + along_y * p.y + phase);
    }
  };
  const auto wave = [&]() -> Wave {
    constexpr double turn = 2 * std::numbers::pi;
    const double size = dice.uniform(0, amplitude);
    const double along_x = dice.uniform(-turn, turn);
    const double along_y = dice.uniform(-turn, turn);
    return {size, along_x, along_y, dice.uniform(0, turn)};
  };
  const std::array<Wave, 4> waves = {wave(), wave(), wave(), wave()};
  for (Stroke& stroke : strokes) {
    for (Point& p : stroke) {
      const Point old = p;
      p = {old.x + waves[0](old) + waves[1](old), old.y + waves[2](old) + waves[3](old)};
    }
  }
}

/// Stretches, slants and turns all strokes together; the top may be larger than the bottom or
/// smaller.
inline void transform(std::vector<Stroke>& strokes, const Habits& habits, Dice& dice) {
  const double width = std::max(0.4, dice.normal(habits.width_mean, habits.width_deviation));
  const double slant = dice.normal(habits.slant_mean, habits.slant_deviation);
  const double taper = dice.normal(0, habits.taper_deviation);
  const double lower = dice.normal(0, habits.taper_deviation);
  const double turn = dice.normal(0, habits.turn_deviation);
  const double c = std::cos(turn);
  const double s = std::sin(turn);
  for (Stroke& stroke : strokes) {
    for (Point& p : stroke) {
      const double y = p.y + lower * p.y * (1 - p.y);
      const double x = width * (1 + taper * (y - 0.5)) * p.x - slant * y;
      p = {c * x - s * y, s * x + c * y};
    }
  }
}

/// Roughens the edges, which are the only grey pixels, as coarse paper does.
inline void roughen(Ink& ink, double grain, Dice& dice) {
  for (nn::Index i = 0; i < ink.size(); ++i) {
    float& here = ink.data()[i];
    if (here <= 0 || here >= 1) continue;
    here = std::clamp(here + static_cast<float>(dice.uniform(-grain, grain)), 0.0f, 1.0f);
  }
}

/// Draws `digit` into `image` [28, 28].
inline void draw_digit(int digit, const Habits& habits, Dice& dice, std::uint8_t* image) {
  std::vector<Stroke> strokes = pick_shape(shapes_of(digit), dice).strokes;
  for (Stroke& stroke : strokes) {
    jitter(stroke, habits.jitter, dice);
    stroke = smooth_curve(stroke);
  }
  wobble(strokes, habits.wobble, dice);
  transform(strokes, habits, dice);
  const double radius = std::max(0.6, dice.normal(habits.pen_mean, habits.pen_deviation));
  Ink ink = ink_strokes(std::move(strokes), {radius, habits.edge});
  roughen(ink, habits.grain, dice);
  centre_by_mass(ink, image);
}

}  // namespace detail

/// Draws `count` images, the ten digits in turn. Shapes [N, 28, 28, 1] and [N]
/// A pure function of its arguments; the first images do not depend on how many follow.
[[nodiscard]] inline std::pair<Images, nn::Labels> draw_digits(nn::Index count, std::uint64_t seed,
                                                               Split split) {
  Images images(count, image_side, image_side, 1);
  nn::Labels labels(count);
  const detail::Habits habits;
  constexpr nn::Index piece_size = 256;  // images
  nn::parallel_for((count + piece_size - 1) / piece_size, [&](nn::Index piece) {
    const nn::Index end = std::min((piece + 1) * piece_size, count);
    for (nn::Index i = piece * piece_size; i < end; ++i) {
      detail::Dice dice(seed, split, i);
      labels(i) = static_cast<std::int32_t>(i % 10);
      detail::draw_digit(labels(i), habits, dice, images.data() + i * image_side * image_side);
    }
  });
  return {std::move(images), std::move(labels)};
}

}  // namespace mnist
