// SPDX-License-Identifier: MIT
#include "nn/layer/sliding_window.hpp"

#include <doctest/doctest.h>

#include <limits>

using nn::Padding;
using nn::Window;

TEST_SUITE("layer/sliding_window") {
  TEST_CASE("Window: the extent counts the pixels between dilated cells") {
    CHECK(Window{3, 1}.extent() == 3);
    CHECK(Window{3, 1, 2}.extent() == 5);
    CHECK(Window{1, 1, 9}.extent() == 1);
  }

  TEST_CASE("Window: valid takes full windows only") {
    CHECK(Window{3, 1}.count(5, Padding::valid) == 3);
    CHECK(Window{3, 2}.count(6, Padding::valid) == 2);
    CHECK(Window{3, 1, 2}.count(5, Padding::valid) == 1);
    CHECK(Window{3, 1}.count(2, Padding::valid) == 0);
    CHECK(Window{3, 2}.pad_before(6, Padding::valid) == 0);
  }

  TEST_CASE("Window: same has one window for each stride, the odd pixel of padding last") {
    CHECK(Window{3, 1}.count(5, Padding::same) == 5);
    CHECK(Window{3, 2}.count(5, Padding::same) == 3);
    CHECK(Window{3, 1}.pad_before(5, Padding::same) == 1);
    CHECK(Window{2, 1}.pad_before(5, Padding::same) == 0);
    CHECK(Window{4, 1}.pad_before(5, Padding::same) == 1);
    CHECK(Window{3, 2}.pad_before(4, Padding::same) == 0);
    CHECK(Window{3, 1, 2}.pad_before(5, Padding::same) == 2);
    CHECK(Window{1, 3}.pad_before(7, Padding::same) == 0);  // windows that leave pixels out
  }

  TEST_CASE("Window: causal has one window for each stride, all padding first") {
    CHECK(Window{3, 1}.count(5, Padding::causal) == 5);
    CHECK(Window{3, 2}.count(5, Padding::causal) == 3);
    CHECK(Window{3, 1}.pad_before(5, Padding::causal) == 2);
    CHECK(Window{3, 2}.pad_before(4, Padding::causal) == 2);
    CHECK(Window{3, 1, 2}.pad_before(5, Padding::causal) == 4);
  }

  TEST_CASE("Window: the largest numbers on the longest axis do not overflow") {
    constexpr nn::Index longest = std::numeric_limits<nn::Index>::max();
    constexpr Window largest{nn::max_window_number, nn::max_window_number, nn::max_window_number};
    CHECK(largest.count(longest, Padding::same) == longest / nn::max_window_number + 1);
    CHECK(largest.count(longest, Padding::valid) == (longest >> 20) - (nn::max_window_number - 2));
    CHECK(largest.pad_before(longest, Padding::same) ==
          (largest.extent() - longest % nn::max_window_number) / 2);
  }

  TEST_CASE("window_counts: refuses what is no image and images that hold no window") {
    const auto counts = [](const nn::Shape& image, Padding padding) {
      return nn::window_counts("Own", image, Window{3, 1}, Window{2, 2}, padding);
    };
    CHECK(counts({5, 6, 1}, Padding::valid) == nn::Size2D{3, 3});
    CHECK(counts({1, 1, 1}, Padding::same) == nn::Size2D{1, 1});
    CHECK_THROWS_WITH_AS(static_cast<void>(counts({5, 6}, Padding::valid)),
                         "Own: expected samples [height, width, channels], got [5, 6]; use images "
                         "[N, height, width, channels]",
                         nn::ShapeError);
    CHECK_THROWS_WITH_AS(static_cast<void>(counts({2, 6, 1}, Padding::valid)),
                         "Own: expected an image of at least (3, 2), got [2, 6, 1] (padding "
                         "valid); use smaller windows or nn::Padding::same",
                         nn::ShapeError);
  }
}
