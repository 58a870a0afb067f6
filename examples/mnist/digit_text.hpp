// SPDX-License-Identifier: MIT
// Images drawn in characters, for terminals.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "mnist/idx.hpp"

namespace mnist {

/// The lines of image `index` as text: a character for each column and every two rows, since
/// characters are about twice as high as wide.
[[nodiscard]] inline std::vector<std::string> drawing(const Images& images, nn::Index index) {
  constexpr std::string_view ramp = " .:-=+*#%@";  // from no ink to full ink
  const nn::Index height = images.dimension(1);
  std::vector<std::string> lines;
  for (nn::Index y = 0; y < height; y += 2) {
    const nn::Index below = std::min(y + 1, height - 1);
    std::string line;
    for (nn::Index x = 0; x < images.dimension(2); ++x) {
      const int grey = (images(index, y, x, 0) + images(index, below, x, 0) + 1) / 2;
      line += ramp[static_cast<std::size_t>(grey) * ramp.size() / 256];
    }
    lines.push_back(line);
  }
  return lines;
}

/// Image `index` as text, with a line feed after each line.
[[nodiscard]] inline std::string draw(const Images& images, nn::Index index) {
  std::string text;
  for (const std::string& line : drawing(images, index)) text += line + "\n";
  return text;
}

/// Several images, each under its caption of plain characters: as many side by side as fit into
/// `line_width` characters, the others below.
[[nodiscard]] inline std::string draw_rows(const Images& images,
                                           const std::vector<nn::Index>& indices,
                                           const std::vector<std::string>& captions,
                                           nn::Index line_width) {
  constexpr std::string_view gap = "  ";
  auto width = static_cast<std::size_t>(images.dimension(2));
  for (const std::string& caption : captions) width = std::max(width, caption.size());
  const std::size_t room =
      static_cast<std::size_t>(std::max<nn::Index>(line_width, 0)) + gap.size();
  const std::size_t fitting = std::max<std::size_t>(room / (width + gap.size()), 1);
  std::string text;
  for (std::size_t first = 0; first < indices.size(); first += fitting) {
    if (first > 0) text += '\n';
    std::vector<std::string> lines(static_cast<std::size_t>((images.dimension(1) + 1) / 2) + 1);
    for (std::size_t i = first; i < std::min(first + fitting, indices.size()); ++i) {
      std::vector<std::string> picture = drawing(images, indices[i]);
      picture.insert(picture.begin(), i < captions.size() ? captions[i] : std::string());
      for (std::size_t line = 0; line < lines.size(); ++line) {
        picture[line].resize(width, ' ');
        lines[line].append(picture[line]).append(gap);
      }
    }
    for (std::string& line : lines) {
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + "\n";
    }
  }
  return text;
}

}  // namespace mnist
