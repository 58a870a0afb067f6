// SPDX-License-Identifier: MIT
// Pictures shrunk, enlarged, turned and filtered.
#include "mnist/picture/light.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <vector>

#include "mnist/picture/extremes.hpp"
#include "mnist/picture/paper.hpp"
#include "mnist/picture/polarity.hpp"
#include "nn/core/random.hpp"

using namespace mnist::detail;

namespace {

/// A row of RGBA pixels, as stb_image gives them.
[[nodiscard]] Picture row_of(std::initializer_list<std::uint8_t> bytes) {
  Picture picture;
  picture.pixels.reset(static_cast<stbi_uc*>(std::malloc(bytes.size())));
  std::memcpy(picture.pixels.get(), std::data(bytes), bytes.size());
  picture.height = 1;
  picture.width = static_cast<nn::Index>(bytes.size()) / 4;
  return picture;
}

/// Numbers its pixels row by row, in red. Shape [2, 3, 3]
[[nodiscard]] Colours numbered() {
  Colours colours(2, 3, 3);
  colours.setZero();
  for (int i = 0; i < 6; ++i) colours(i / 3, i % 3, 0) = static_cast<std::uint8_t>(i);
  return colours;
}

/// A page with a bar of ink. Shape [40, 60]
[[nodiscard]] Light page(std::uint8_t paper, std::uint8_t ink) {
  Light light(40, 60);
  light.setConstant(paper);
  for (nn::Index y = 10; y < 30; ++y) {
    for (nn::Index x = 20; x < 23; ++x) light(y, x) = ink;
  }
  return light;
}

[[nodiscard]] Light inverse(Light light) {
  for (nn::Index i = 0; i < light.size(); ++i) {
    light.data()[i] = static_cast<std::uint8_t>(255 - light.data()[i]);
  }
  return light;
}

}  // namespace

TEST_SUITE("examples/mnist/light") {
  TEST_CASE("shrink: a pixel is the mean of its square, a smaller one at the edge") {
    const Picture picture = row_of({10, 0, 200, 255, 20, 0, 100, 255, 7, 8, 9, 255});
    const Colours small = shrink(picture, 255, 2);
    REQUIRE(nn::shape_of(small) == nn::Shape{1, 2, 3});
    CHECK(small(0, 0, 0) == 15);
    CHECK(small(0, 0, 2) == 150);
    CHECK(small(0, 1, 1) == 8);
    CHECK(shrink(picture, 255, 3)(0, 1, 0) == 20);
  }

  TEST_CASE("shrink: a square may have more pixels than their sum has room for in an int") {
    constexpr std::size_t side = 200;
    Picture picture;
    picture.pixels.reset(static_cast<stbi_uc*>(std::malloc(4 * side * side)));
    std::memset(picture.pixels.get(), 255, 4 * side * side);
    picture.height = picture.width = side;
    CHECK(shrink(picture, 0, 1)(0, 0, 0) == 255);
  }

  TEST_CASE("shrink: the paper shines through transparent pixels") {
    const Picture picture = row_of({90, 90, 90, 0, 100, 100, 100, 128});
    CHECK(shrink(picture, 255, 2)(0, 0, 0) == 255);
    CHECK(shrink(picture, 255, 2)(0, 1, 0) == 177);
    CHECK(shrink(picture, 0, 2)(0, 1, 0) == 50);
  }

  TEST_CASE("enlarge: a pixel becomes a square") {
    Colours small(1, 2, 3);
    small.setValues({{{0, 0, 0}, {100, 100, 100}}});
    CHECK(enlargement(small, 8) == 4);
    CHECK(enlargement(small, 2) == 1);
    const Colours large = enlarge(small, 2);
    REQUIRE(nn::shape_of(large) == nn::Shape{2, 4, 3});
    CHECK(large(1, 0, 0) == 0);
    CHECK(large(0, 1, 1) == 0);
    CHECK(large(0, 2, 2) == 100);
    CHECK(large(1, 3, 0) == 100);
  }

  TEST_CASE("upright: each orientation says where the first row and column belong") {
    // The numbers of the pixels in the turned picture, row by row.
    const std::vector<int> turned[] = {{0, 1, 2, 3, 4, 5}, {2, 1, 0, 5, 4, 3}, {5, 4, 3, 2, 1, 0},
                                       {3, 4, 5, 0, 1, 2}, {0, 3, 1, 4, 2, 5}, {3, 0, 4, 1, 5, 2},
                                       {5, 2, 4, 1, 3, 0}, {2, 5, 1, 4, 0, 3}};
    for (int orientation = 1; orientation <= 8; ++orientation) {
      CAPTURE(orientation);
      const Colours colours = upright(numbered(), orientation);
      REQUIRE(colours.dimension(0) == (orientation < 5 ? 2 : 3));
      std::vector<int> pixels;
      for (nn::Index i = 0; i < 6; ++i) pixels.push_back(colours.data()[3 * i]);
      CHECK(pixels == turned[orientation - 1]);
    }
  }

  TEST_CASE("least_colour: ink of any colour is dark") {
    Colours colours(1, 3, 3);
    colours.setValues({{{255, 221, 0}, {0, 200, 255}, {250, 240, 230}}});
    const Light light = least_colour(colours);
    CHECK(light(0, 0) == 0);
    CHECK(light(0, 1) == 0);
    CHECK(light(0, 2) == 230);
    CHECK(negative(colours)(0, 0, 2) == 255);
  }

  TEST_CASE("closing and opening: remove what is narrower, and leave edges where they are") {
    CHECK(page(200, 50)(20, 20) == 50);
    CHECK(closing(page(200, 50), 4)(20, 20) == 200);
    CHECK(closing(page(200, 50), 3)(20, 20) == 50);
    CHECK(opening(page(50, 200), 4)(20, 20) == 50);
    CHECK(closing(page(200, 50), 1000)(0, 0) == 200);  // larger than the picture
    Light half = page(200, 200);
    for (nn::Index y = 0; y < 40; ++y) {
      for (nn::Index x = 0; x < 25; ++x) half(y, x) = 80;
    }
    const Light closed = closing(half, 20);
    CHECK(closed(20, 24) == 80);
    CHECK(closed(20, 25) == 200);
    CHECK(lightest_near(half, 3)(20, 22) == 200);
    CHECK(lightest_near(half, 3)(20, 21) == 80);
  }

  TEST_CASE("with_margin: strokes at the border have paper on both sides") {
    Light light = page(200, 200);
    for (nn::Index y = 0; y < 40; ++y) light(y, 0) = 50;
    const Light wide = with_margin(light);
    REQUIRE(nn::shape_of(wide) == nn::Shape{60, 80});
    CHECK(wide(10, 10) == 50);
    CHECK(wide(49, 10) == 50);
    CHECK(wide(9, 10) == 200);
    CHECK(wide(10, 9) == 200);
    CHECK(wide(59, 79) == 200);
  }

  TEST_CASE("polarity_of: the ink is what there is less of") {
    CHECK_FALSE(polarity_of(page(200, 50)).is_ink_light);
    CHECK(polarity_of(page(50, 200)).is_ink_light);
    Light sloping = page(255, 255);
    for (nn::Index y = 0; y < 40; ++y) {
      for (nn::Index x = 0; x < 60; ++x) {
        const bool is_ink = page(255, 0)(y, x) == 0;
        sloping(y, x) = static_cast<std::uint8_t>((250 - 3 * x) / (is_ink ? 4 : 1));
      }
    }
    CHECK_FALSE(polarity_of(sloping).is_ink_light);
  }

  TEST_CASE("polarity_of: where writing fills the picture, the border tells") {
    Light zero(80, 60);  // more ink than paper
    for (nn::Index y = 0; y < 80; ++y) {
      for (nn::Index x = 0; x < 60; ++x) {
        const double distance =
            std::hypot((static_cast<double>(y) - 39.5) / 40, (static_cast<double>(x) - 29.5) / 30);
        zero(y, x) = distance > 0.5 && distance < 1 ? 50 : 200;
      }
    }
    CHECK(skewness(zero) > 0.4);  // the tail is paper
    CHECK_FALSE(polarity_of(zero).is_ink_light);
    CHECK(polarity_of(zero).is_filled);
    CHECK(polarity_of(inverse(zero)).is_ink_light);
    CHECK(polarity_of(inverse(zero)).is_filled);
  }

  TEST_CASE("polarity_of: a sheet on a table is paper, though the border is the table's") {
    Light table(80, 120);
    table.setConstant(50);
    for (nn::Index y = 14; y < 66; ++y) {
      for (nn::Index x = 20; x < 100; ++x) table(y, x) = x >= 60 && x < 64 && y >= 30 ? 50 : 200;
    }
    CHECK(std::abs(skewness(table)) < 0.9);  // not clear
    CHECK(border_of(table).is_dark);
    CHECK(widest_square(table, false) == 40);
    CHECK(widest_square(table, true) == 20);
    CHECK_FALSE(polarity_of(table).is_ink_light);
    CHECK_FALSE(polarity_of(table).is_filled);
    CHECK(polarity_of(inverse(table)).is_ink_light);
  }

  TEST_CASE("polarity_of: noise does not fill a picture") {
    Light noise(80, 60);
    const nn::Random random(1, {});
    for (nn::Index i = 0; i < noise.size(); ++i) {
      noise.data()[i] =
          static_cast<std::uint8_t>(255 * random.uniform(static_cast<std::uint64_t>(i)));
    }
    CHECK(std::abs(skewness(noise)) < 0.1);
    CHECK(border_of(noise).is_noise);
    CHECK_FALSE(polarity_of(noise).is_filled);
  }
}
