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

}  // namespace mnist::detail
