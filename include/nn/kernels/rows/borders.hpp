// SPDX-License-Identifier: MIT
// Borders of zeros around images, and images without their borders.
#pragma once

#include <algorithm>

#include "nn/core/config.hpp"
#include "nn/kernels/machine/blocks.hpp"

namespace nn::kernels {

/// Images inside of larger ones. Shape of the inner ones: [batch, height, width, channels]
struct BorderedImages {
  Index batch, height, width, channels;
  Index top, bottom, left, right;  ///< pixels around them

  [[nodiscard]] Index outer_height() const { return top + height + bottom; }
  [[nodiscard]] Index outer_width() const { return left + width + right; }
};

/// outer = inner with zeros around it.
template <Real T>
void add_borders(const BorderedImages& s, const T* inner, T* outer) {
  const Index row_size = s.outer_width() * s.channels;
  for_each_row(s.batch * s.outer_height(), row_size, [=](Index row) {
    T* const to = outer + row * row_size;
    const Index image = row / s.outer_height(), i = row % s.outer_height() - s.top;
    if (i < 0 || i >= s.height) {
      std::fill_n(to, row_size, T(0));
      return;
    }
    const Index left = s.left * s.channels, size = s.width * s.channels;
    std::fill_n(to, left, T(0));
    std::copy_n(inner + (image * s.height + i) * size, size, to + left);
    std::fill_n(to + left + size, row_size - left - size, T(0));
  });
}

/// inner = the part of outer that its borders surround.
template <Real T>
void remove_borders(const BorderedImages& s, const T* outer, T* inner) {
  const Index size = s.width * s.channels;
  for_each_row(s.batch * s.height, size, [=](Index row) {
    const Index outer_row = row / s.height * s.outer_height() + s.top + row % s.height;
    std::copy_n(outer + (outer_row * s.outer_width() + s.left) * s.channels, size,
                inner + row * size);
  });
}

}  // namespace nn::kernels
