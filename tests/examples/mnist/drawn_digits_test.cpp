// SPDX-License-Identifier: MIT
// The digits that the program draws itself: always the same, all different, and in MNIST's
// geometry.
#include "mnist/drawn_digits.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "nn/core/parallel.hpp"

using mnist::draw_digits;
using mnist::Images;
using mnist::Split;

namespace {

[[nodiscard]] std::string pixels_of(const Images& images, nn::Index index) {
  const auto* first = images.data() + index * 784;
  return std::string(first, first + 784);
}

[[nodiscard]] bool are_equal(const Images& a, const Images& b) {
  return a.size() == b.size() && std::equal(a.data(), a.data() + a.size(), b.data());
}

}  // namespace

TEST_SUITE("examples/mnist/drawn_digits") {
  TEST_CASE("draw_digits: has the shapes of MNIST and each digit equally often") {
    const auto [images, labels] = draw_digits(100, 42, Split::train);
    CHECK(nn::shape_of(images) == nn::Shape{100, 28, 28, 1});
    for (int digit = 0; digit < 10; ++digit) {
      CAPTURE(digit);
      CHECK(std::count(labels.data(), labels.data() + labels.size(), digit) == 10);
    }
  }

  TEST_CASE("draw_digits: the same seed gives the same images with any number of threads") {
    const int before = nn::num_threads();
    nn::set_num_threads(1);
    const Images alone = draw_digits(1000, 42, Split::train).first;
    nn::set_num_threads(2);
    const Images together = draw_digits(1000, 42, Split::train).first;
    nn::set_num_threads(before);
    CHECK(are_equal(alone, together));
  }

  TEST_CASE("draw_digits: the first images do not depend on how many follow") {
    const Images few = draw_digits(7, 42, Split::train).first;
    const Images many = draw_digits(300, 42, Split::train).first;
    for (nn::Index i = 0; i < 7; ++i) {
      CAPTURE(i);
      CHECK(pixels_of(few, i) == pixels_of(many, i));
    }
  }

  TEST_CASE("draw_digits: no image occurs twice, not in another seed and not in the test set") {
    std::set<std::string> seen;
    for (const Images& images :
         {draw_digits(500, 1, Split::train).first, draw_digits(500, 2, Split::train).first,
          draw_digits(500, 1, Split::test).first}) {
      for (nn::Index i = 0; i < 500; ++i) seen.insert(pixels_of(images, i));
    }
    CHECK(seen.size() == 1500);
  }

  TEST_CASE("draw_digits: ink fills a box of 20 pixels and its centre of mass is in the middle") {
    const Images images = draw_digits(500, 3, Split::train).first;
    for (nn::Index i = 0; i < 500; ++i) {
      CAPTURE(i);
      nn::Index top = 28, left = 28, bottom = 0, right = 0;
      double mass = 0, mass_y = 0, mass_x = 0;
      for (nn::Index y = 0; y < 28; ++y) {
        for (nn::Index x = 0; x < 28; ++x) {
          const int here = images(i, y, x, 0);
          if (here == 0) continue;
          top = std::min(top, y), bottom = std::max(bottom, y + 1);
          left = std::min(left, x), right = std::max(right, x + 1);
          mass += here, mass_y += here * static_cast<double>(y),
              mass_x += here * static_cast<double>(x);
        }
      }
      const nn::Index side = std::max(bottom - top, right - left);
      CHECK(side <= 20);
      CHECK(side >= 18);  // rough paper may swallow the outermost grey pixels
      // Whole pixels: half a pixel off at most, and rounding to 8 bits.
      CHECK(mass_y / mass == doctest::Approx(14).epsilon(0.51 / 14));
      CHECK(mass_x / mass == doctest::Approx(14).epsilon(0.51 / 14));
    }
  }

  TEST_CASE(
      "draw_digits: has about as much ink as MNIST, whose images have 102 full pixels' worth") {
    const Images images = draw_digits(2000, 4, Split::train).first;
    double ink = 0;
    for (nn::Index i = 0; i < images.size(); ++i) ink += images.data()[i];
    CHECK(ink / 255 / 2000 > 90);
    CHECK(ink / 255 / 2000 < 115);
  }

  TEST_CASE("smooth_curve: goes through its points and turns sharply where one is doubled") {
    using mnist::Point;
    const mnist::Stroke corner = {{0, 0}, {1, 0}, {1, 0}, {1, 1}};
    const mnist::Stroke curve = mnist::detail::smooth_curve(corner);
    CHECK(std::find(curve.begin(), curve.end(), Point{1, 0}) != curve.end());
    CHECK(curve.back() == Point{1, 1});
    for (const Point& p : curve) CHECK((p.y == 0 || p.x == 1));
  }
}
