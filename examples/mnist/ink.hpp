// SPDX-License-Identifier: MIT
// Finds the ink in a grey picture: scaling, threshold, dark or light, specks.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

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
};

/// Scales `box` of `from` to [height, width]. Each new pixel is the mean of the area that it
/// covers.
template <class Plane>
[[nodiscard]] Ink resize_by_area(const Plane& from, const Box& box, nn::Index height,
                                 nn::Index width) {
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

/// The brightness that separates dark from light best, and the mean brightness of both.
struct Threshold {
  double level = 0;
  double dark = 0;
  double light = 0;
};

/// N. Otsu, "A threshold selection method from gray-level histograms" (1979).
[[nodiscard]] inline Threshold find_threshold(const Ink& light) {
  std::array<double, 256> histogram{};
  double sum = 0;
  for (nn::Index i = 0; i < light.size(); ++i) {
    const auto level = static_cast<std::size_t>(std::lround(light.data()[i]));
    histogram[level] += 1;
    sum += static_cast<double>(level);
  }
  const auto total = static_cast<double>(light.size());
  Threshold best;
  double best_spread = -1;
  double below = 0;
  double sum_below = 0;
  for (std::size_t level = 0; level < histogram.size(); ++level) {
    below += histogram[level];
    sum_below += static_cast<double>(level) * histogram[level];
    if (below == 0 || below == total) continue;
    const double dark = sum_below / below;
    const double bright = (sum - sum_below) / (total - below);
    const double spread = below * (total - below) * (bright - dark) * (bright - dark);
    if (spread <= best_spread) continue;
    best_spread = spread;
    best = {static_cast<double>(level) + 0.5, dark, bright};
  }
  return best;
}

/// Whether most of the picture's border is lighter than the threshold: then that is paper, and the
/// ink is dark.
[[nodiscard]] inline bool has_light_border(const Ink& light, double level) {
  const nn::Index height = light.dimension(0);
  const nn::Index width = light.dimension(1);
  nn::Index balance = 0;
  const auto count = [&](nn::Index y, nn::Index x) {
    balance += static_cast<double>(light(y, x)) > level ? 1 : -1;
  };
  for (nn::Index x = 0; x < width; ++x) {
    count(0, x);
    count(height - 1, x);
  }
  for (nn::Index y = 0; y < height; ++y) {
    count(y, 0);
    count(y, width - 1);
  }
  return balance >= 0;
}

/// Turns brightness into ink: the mean of the paper becomes 0, that of the ink 1, and what is
/// fainter than the unevenness of the paper becomes 0. False if there is only paper.
[[nodiscard]] inline bool separate_ink(Ink& light) {
  constexpr double least_contrast = 32;  // of 255; the noise of a photographed blank sheet is less
  constexpr float faintest = 0.1f;
  const Threshold threshold = find_threshold(light);
  if (threshold.light - threshold.dark < least_contrast) return false;
  const bool is_dark_on_light = has_light_border(light, threshold.level);
  const double paper = is_dark_on_light ? threshold.light : threshold.dark;
  const double ink = is_dark_on_light ? threshold.dark : threshold.light;
  for (nn::Index i = 0; i < light.size(); ++i) {
    const auto share =
        static_cast<float>((static_cast<double>(light.data()[i]) - paper) / (ink - paper));
    light.data()[i] = share < faintest ? 0 : std::min(share, 1.0f);
  }
  return true;
}

/// A connected piece of ink: its pixels and the box around them.
struct Blot {
  std::vector<nn::Index> pixels;
  Box box;
};

/// Collects all pixels that are connected to pixel `first`, also diagonally, and marks them as
/// seen.
[[nodiscard]] inline Blot collect_blot(const Ink& ink, nn::Index first,
                                       std::vector<char>& is_seen) {
  const nn::Index height = ink.dimension(0);
  const nn::Index width = ink.dimension(1);
  Blot blot;
  blot.box = {height, width, 0, 0};
  blot.pixels.push_back(first);
  is_seen[static_cast<std::size_t>(first)] = 1;
  for (std::size_t next = 0; next < blot.pixels.size(); ++next) {
    const nn::Index y = blot.pixels[next] / width;
    const nn::Index x = blot.pixels[next] % width;
    Box& box = blot.box;
    box = {std::min(box.top, y), std::min(box.left, x), std::max(box.bottom, y + 1),
           std::max(box.right, x + 1)};
    for (nn::Index i = std::max(y - 1, nn::Index{0}); i < std::min(y + 2, height); ++i) {
      for (nn::Index j = std::max(x - 1, nn::Index{0}); j < std::min(x + 2, width); ++j) {
        const nn::Index neighbour = i * width + j;
        char& seen = is_seen[static_cast<std::size_t>(neighbour)];
        if (seen != 0 || ink.data()[neighbour] <= 0) continue;
        seen = 1;
        blot.pixels.push_back(neighbour);
      }
    }
  }
  return blot;
}

/// Removes specks, pieces much smaller than the largest one. Returns the box around the rest.
[[nodiscard]] inline Box remove_specks(Ink& ink) {
  constexpr std::size_t smallest_share =
      50;  // of the largest; a 5 may have a separate bar, which is more than 1/50
  std::vector<char> is_seen(static_cast<std::size_t>(ink.size()));
  std::vector<Blot> blots;
  std::size_t largest = 0;
  for (nn::Index i = 0; i < ink.size(); ++i) {
    if (ink.data()[i] <= 0 || is_seen[static_cast<std::size_t>(i)] != 0) continue;
    blots.push_back(collect_blot(ink, i, is_seen));
    largest = std::max(largest, blots.back().pixels.size());
  }
  Box all{ink.dimension(0), ink.dimension(1), 0, 0};
  for (const Blot& blot : blots) {
    if (blot.pixels.size() * smallest_share < largest) {
      for (const nn::Index pixel : blot.pixels) ink.data()[pixel] = 0;
      continue;
    }
    all = {std::min(all.top, blot.box.top), std::min(all.left, blot.box.left),
           std::max(all.bottom, blot.box.bottom), std::max(all.right, blot.box.right)};
  }
  return all;
}

/// `size` scaled so that `longest` becomes `target`, at least 1.
[[nodiscard]] inline nn::Index scaled(nn::Index size, nn::Index longest, nn::Index target) {
  return std::max(nn::Index{1}, (2 * size * target + longest) / (2 * longest));
}

}  // namespace mnist::detail
