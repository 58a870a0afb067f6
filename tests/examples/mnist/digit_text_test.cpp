// SPDX-License-Identifier: MIT
// Images in characters.
#include "mnist/digit_text.hpp"

#include <doctest/doctest.h>

namespace {

/// Two images of 3x4 pixels: a ramp, and a full one.
[[nodiscard]] mnist::Images two_images() {
  mnist::Images images(2, 3, 4, 1);
  images.setConstant(255);
  for (nn::Index y = 0; y < 3; ++y) {
    for (nn::Index x = 0; x < 4; ++x) images(0, y, x, 0) = static_cast<std::uint8_t>(85 * x);
  }
  return images;
}

}  // namespace

TEST_SUITE("examples/mnist/digit_text") {
  TEST_CASE("draw: one character a column, darker with more ink, and half as many lines as rows") {
    CHECK(mnist::draw(two_images(), 0) == " -*@\n -*@\n");
    CHECK(mnist::draw(two_images(), 1) == "@@@@\n@@@@\n");
  }

  TEST_CASE("draw: two rows make one line by their mean") {
    mnist::Images image(1, 2, 1, 1);
    image.setValues({{{{0}}, {{255}}}});
    CHECK(mnist::draw(image, 0) == "+\n");
  }

  TEST_CASE("draw_rows: images stand side by side under captions, as wide as the longest") {
    CHECK(mnist::draw_rows(two_images(), {1, 0}, {"7", "longer"}, 80) ==
          "7       longer\n@@@@     -*@\n@@@@     -*@\n");
    CHECK(mnist::draw_rows(two_images(), {1}, {}, 80) == "\n@@@@\n@@@@\n");
  }

  TEST_CASE("draw_rows: what doesn't fit into a line stands below") {
    const auto draw = [](nn::Index line_width) {
      return mnist::draw_rows(two_images(), {1, 0, 1}, {"a", "b", "c"}, line_width);
    };
    CHECK(draw(16) == "a     b     c\n@@@@   -*@  @@@@\n@@@@   -*@  @@@@\n");
    const std::string two_and_one = "a     b\n@@@@   -*@\n@@@@   -*@\n\nc\n@@@@\n@@@@\n";
    CHECK(draw(15) == two_and_one);
    CHECK(draw(10) == two_and_one);
    const std::string below = "a\n@@@@\n@@@@\n\nb\n -*@\n -*@\n\nc\n@@@@\n@@@@\n";
    for (const nn::Index narrow : {9, 4, 0, -1}) {
      CAPTURE(narrow);
      CHECK(draw(narrow) == below);
    }
  }
}
