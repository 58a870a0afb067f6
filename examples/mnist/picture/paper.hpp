// SPDX-License-Identifier: MIT
// Tells ink from paper where the light is uneven.
#pragma once

#include <algorithm>
#include <cstdint>

#include "mnist/centre.hpp"
#include "mnist/picture/extremes.hpp"
#include "mnist/picture/light.hpp"
#include "nn/core/tensor.hpp"

namespace mnist::detail {

/// How much of the paper's light a pixel lacks: 0 on paper, up to 1 in black ink. What lies in the
/// dark counts as if in some light, as its noise would count as ink otherwise.
[[nodiscard]] inline float ink_share(std::uint8_t paper, std::uint8_t light) {
  constexpr int least_light = 128;
  return static_cast<float>(paper - light) / static_cast<float>(std::max<int>(paper, least_light));
}

/// The ink of each pixel. The paper is the picture without dark things narrower than `span` pixels.
/// So edges of shadows, and of the sheet, stay where they are. It is also without its lightest
/// noise, which would make all else look darker than paper.
[[nodiscard]] inline Ink ink_on(const Light& light, nn::Index span) {
  const Light paper = closing(opening(light, 3), span);
  Ink ink(light.dimension(0), light.dimension(1));
  for (nn::Index i = 0; i < ink.size(); ++i) {
    ink.data()[i] = ink_share(paper.data()[i], light.data()[i]);
  }
  return ink;
}

/// The picture with more paper around it, as light as the lightest that is near. So there is paper
/// on both sides of strokes at the border.
[[nodiscard]] inline Light with_margin(const Light& light) {
  const nn::Index height = light.dimension(0), width = light.dimension(1);
  const nn::Index margin = std::max(height, width) / 6;
  const Light paper = lightest_near(light, margin);
  Light wide(height + 2 * margin, width + 2 * margin);
  for (nn::Index y = 0; y < wide.dimension(0); ++y) {
    for (nn::Index x = 0; x < wide.dimension(1); ++x) {
      const nn::Index row = std::clamp<nn::Index>(y - margin, 0, height - 1);
      const nn::Index column = std::clamp<nn::Index>(x - margin, 0, width - 1);
      const bool is_old = row == y - margin && column == x - margin;
      wide(y, x) = is_old ? light(row, column) : paper(row, column);
    }
  }
  return wide;
}

}  // namespace mnist::detail
