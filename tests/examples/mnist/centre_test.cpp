// SPDX-License-Identifier: MIT
// The place of a digit in its image.
#include "mnist/centre.hpp"

#include <doctest/doctest.h>

#include <array>

namespace {

using Image = std::array<std::uint8_t, 784>;

[[nodiscard]] Image centred(const mnist::Ink& ink) {
  Image image;
  image.fill(77);
  mnist::centre_by_mass(ink, image.data());
  return image;
}

[[nodiscard]] mnist::Ink empty_ink(nn::Index height, nn::Index width) {
  mnist::Ink ink(height, width);
  ink.setZero();
  return ink;
}

}  // namespace

TEST_SUITE("examples/mnist/centre") {
  TEST_CASE("centre_by_mass: a dot goes to pixel (14, 14) from wherever it was") {
    Image expected{};
    expected[14 * 28 + 14] = 128;
    for (const nn::Index place : {0, 13, 27}) {
      CAPTURE(place);
      mnist::Ink ink = empty_ink(28, 28);
      ink(place, 27 - place) = 0.5f;
      CHECK(centred(ink) == expected);
    }
  }

  TEST_CASE(
      "centre_by_mass: nothing is cut off, even if the centre must stay away from the middle") {
    mnist::Ink ink = empty_ink(1, 20);
    ink.setConstant(0.01f);
    ink(0, 0) = 1;  // the centre is near the left end; 20 pixels from 14 on would be too many
    const Image image = centred(ink);
    CHECK(image[14 * 28 + 8] == 255);
    CHECK(image[14 * 28 + 27] == 3);
  }

  TEST_CASE("centre_by_mass: no ink gives an empty image") {
    CHECK(centred(empty_ink(20, 20)) == Image{});
  }
}
