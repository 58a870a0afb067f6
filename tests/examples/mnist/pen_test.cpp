// SPDX-License-Identifier: MIT
#include "mnist/pen.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace {

/// The number of rows (axis 0) or columns (axis 1) with ink.
nn::Index extent(const mnist::Ink& ink, int axis) {
  nn::Index count = 0;
  for (nn::Index i = 0; i < mnist::digit_side; ++i) {
    bool has_ink = false;
    for (nn::Index j = 0; j < mnist::digit_side; ++j) {
      has_ink |= (axis == 0 ? ink(i, j) : ink(j, i)) > 0;
    }
    count += has_ink ? 1 : 0;
  }
  return count;
}

constexpr nn::Index pen_width = 3;  // pixels with ink across a stroke that begins at the box's edge

}  // namespace

TEST_SUITE("examples/mnist/pen") {
  TEST_CASE("ink_strokes: what is drawn fills the box, whatever its size and place") {
    const std::vector<mnist::Stroke> small{{{7, 1}, {7, 3}}};
    const std::vector<mnist::Stroke> large{{{-50, 100}, {-50, 500}}};
    const mnist::Ink ink = mnist::ink_strokes(small, {});
    CHECK(extent(ink, 0) == mnist::digit_side);
    CHECK(extent(ink, 1) == pen_width);
    const mnist::Ink same = mnist::ink_strokes(large, {});
    CHECK(std::equal(ink.data(), ink.data() + ink.size(), same.data()));
  }

  TEST_CASE("ink_strokes: what is smaller than the least size is not enlarged to fill the box") {
    constexpr double least = 0.1;
    const mnist::Ink dot = mnist::ink_strokes({{{0.5, 0.5}, {0.5, 0.5}}}, {}, least);
    CHECK(extent(dot, 0) == pen_width);
    CHECK(extent(dot, 1) == pen_width);
    const mnist::Ink dash = mnist::ink_strokes({{{0.5, 0.5}, {0.55, 0.5}}}, {}, least);
    CHECK(extent(dash, 0) == pen_width);
    CHECK(extent(dash, 1) > pen_width);
    CHECK(extent(dash, 1) < mnist::digit_side);
  }
}
