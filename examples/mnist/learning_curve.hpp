// SPDX-License-Identifier: MIT
// The loss of each epoch, drawn with characters.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "nn/sequential.hpp"

namespace mnist {

namespace detail {

/// The mark of a curve as it is printed: training in cyan, validation in yellow.
[[nodiscard]] inline std::string marked(char mark, bool in_colour) {
  if (!in_colour) return {mark};
  return std::string(mark == '*' ? "\033[36m" : "\033[33m") + mark + "\033[0m";
}

/// A curve to draw.
struct Curve {
  char mark;
  std::vector<double> losses;
};

/// The least and the largest positive number of all curves; 0 where there is none.
[[nodiscard]] inline std::pair<double, double> range_of(const std::vector<Curve>& curves) {
  double least = 0, most = 0;
  for (const Curve& curve : curves) {
    for (const double loss : curve.losses) {
      if (!std::isfinite(loss) || loss <= 0) continue;
      least = least > 0 ? std::min(least, loss) : loss;
      most = std::max(most, loss);
    }
  }
  return {least, most};
}

/// Rows of characters: the first epoch at the left edge, the last one at the right, the losses
/// `least` to `most` from the bottom to the top. Later curves lie below earlier ones.
[[nodiscard]] inline std::vector<std::string> draw(const std::vector<Curve>& curves, double least,
                                                   double most, std::size_t width,
                                                   std::size_t height) {
  std::vector<std::string> rows(height, std::string(width, ' '));
  const double range = std::max(std::log(most / least), 1e-9);
  for (const Curve& curve : curves) {
    const std::size_t last = std::max<std::size_t>(curve.losses.size(), 2) - 1;
    for (std::size_t i = 0; i < curve.losses.size(); ++i) {
      const double loss = curve.losses[i];
      if (!std::isfinite(loss) || loss <= 0) continue;
      const double depth = std::log(most / loss) / range * static_cast<double>(height - 1);
      char& here = rows[static_cast<std::size_t>(std::lround(depth))][i * (width - 1) / last];
      if (here == ' ') here = curve.mark;
    }
  }
  return rows;
}

}  // namespace detail

/// A chart of the loss in training and, if there was one, in validation, at most `line_width`
/// characters wide; the axis of the loss is logarithmic. Empty for less than two epochs, and where
/// no loss is a positive number.
///
///     Loss by epoch: * training, o validation
///       1.280 |*
///             |o
///             |
///             |           *
///             |           o
///             |
///             |                       o
///       0.010 |                       *
///              1                      3
[[nodiscard]] inline std::string learning_curve(const nn::History& history, nn::Index line_width,
                                                bool in_colour) {
  constexpr std::size_t height = 8, label_width = 8, widest = 64;
  std::vector<detail::Curve> curves;
  for (const auto& [name, losses] : history) {
    if (name == "loss") curves.push_back({'*', losses});
    if (name == "val_loss") curves.push_back({'o', losses});
  }
  const auto [least, most] = detail::range_of(curves);
  const std::size_t num_epochs = history.epochs().size();
  if (num_epochs < 2 || most <= 0) return "";

  const auto room = static_cast<std::size_t>(std::max<nn::Index>(line_width, 20)) - label_width - 1;
  const std::size_t width = std::min({room, widest, 8 * num_epochs});
  std::string text = "Loss by epoch: " + detail::marked('*', in_colour) + " training";
  if (curves.size() > 1) text += ", " + detail::marked('o', in_colour) + " validation";
  text += '\n';
  const std::vector<std::string> rows = detail::draw(curves, least, most, width, height);
  for (std::size_t i = 0; i < height; ++i) {
    const double loss = i == 0 ? most : least;
    std::string label = i == 0 || i + 1 == height ? nn::with_digits(loss, loss < 0.01 ? 5 : 3) : "";
    label.insert(0, label_width - 1 - std::min(label_width - 1, label.size()), ' ');
    text += label + " |";
    for (const char letter : rows[i].substr(0, rows[i].find_last_not_of(' ') + 1)) {
      text += letter == ' ' ? " " : detail::marked(letter, in_colour);
    }
    text += '\n';
  }
  const std::string first = std::to_string(history.epochs().front() + 1);
  const std::string last = std::to_string(history.epochs().back() + 1);
  text.append(label_width + 1, ' ').append(first);
  text.append(width - std::min(width, first.size() + last.size()), ' ').append(last);
  return text + "\n";
}

}  // namespace mnist
