// SPDX-License-Identifier: MIT
// What is found in drawn pictures: the writing, and not what is around it.
#include "mnist/picture/find.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "mnist/picture/digit_ink.hpp"
#include "nn/core/random.hpp"

using namespace mnist::detail;
using mnist::Ink;

namespace {

/// Light of a page of 240 x 320 pixels, to draw on.
struct Page {
  Light light{240, 320};

  Page() { light.setConstant(230); }
  Page& bar(nn::Index top, nn::Index left, nn::Index bottom, nn::Index right, int ink = 40) {
    for (nn::Index y = top; y < bottom; ++y) {
      for (nn::Index x = left; x < right; ++x) light(y, x) = static_cast<std::uint8_t>(ink);
    }
    return *this;
  }
  /// The upright letter L, 80 x 40 pixels.
  Page& letter(nn::Index top, nn::Index left) {
    return bar(top, left, top + 80, left + 10).bar(top + 70, left, top + 80, left + 40);
  }
  Page& frame(nn::Index top, nn::Index left, nn::Index bottom, nn::Index right, nn::Index width) {
    bar(top, left, top + width, right).bar(bottom - width, left, bottom, right);
    return bar(top, left, bottom, left + width).bar(top, right - width, bottom, right);
  }
  Page& lines(nn::Index gap, int ink = 120) {
    for (nn::Index y = gap / 2; y + 2 < 240; y += gap) {
      for (nn::Index i = y; i < y + 2; ++i) {
        for (nn::Index x = 0; x < 320; ++x) {
          light(i, x) = std::min(light(i, x), static_cast<std::uint8_t>(ink));
        }
      }
    }
    return *this;
  }
  Page& noise(double size) {
    const nn::Random random(9, {});
    for (nn::Index i = 0; i < light.size(); ++i) {
      const double noisy =
          light.data()[i] + size * (random.uniform(static_cast<std::uint64_t>(i)) - 0.5);
      light.data()[i] = static_cast<std::uint8_t>(std::clamp(noisy, 0.0, 255.0));
    }
    return *this;
  }
  [[nodiscard]] std::vector<Box> digits() const {
    std::vector<Box> boxes;
    for (const Piece& digit : find_digits(light, 1).digits) boxes.push_back(digit.box);
    return boxes;
  }
  /// Whether nothing is found but letters at these places, within two pixels.
  [[nodiscard]] bool has_letters(const std::vector<std::pair<nn::Index, nn::Index>>& places) const {
    const std::vector<Box> boxes = digits();
    bool is_right = boxes.size() == places.size();
    for (std::size_t i = 0; is_right && i < boxes.size(); ++i) {
      const auto [top, left] = places[i];
      for (const nn::Index off : {boxes[i].top - top, boxes[i].left - left,
                                  boxes[i].bottom - top - 80, boxes[i].right - left - 40}) {
        is_right = is_right && off >= -2 && off <= 2;
      }
    }
    return is_right;
  }
};

}  // namespace

TEST_SUITE("examples/mnist/find") {
  TEST_CASE("find_digits: every digit has ink that can be seen") {
    for (int dark = 195; dark <= 213; ++dark) {
      for (int pale = dark; pale <= 216; ++pale) {  // hardly darker than the paper
        CAPTURE(dark);
        CAPTURE(pale);
        const Page page = Page{}.bar(80, 60, 160, 70, dark).bar(80, 200, 160, 210, pale);
        const Finding finding = find_digits(page.light, 1);
        for (const Piece& digit : finding.digits) {
          const Ink ink = scaled_digit(digit, finding.ink, 1);
          CHECK(std::max(ink.dimension(0), ink.dimension(1)) == 20);
        }
      }
    }
  }

  TEST_CASE("find_digits: several stand in the order of reading") {
    CHECK(Page().letter(90, 140).has_letters({{90, 140}}));
    CHECK(Page().letter(90, 240).letter(80, 40).letter(100, 140).has_letters(
        {{80, 40}, {100, 140}, {90, 240}}));
  }

  TEST_CASE("find_digits: faint ink is found, noise is not") {
    Page faint;
    faint.letter(90, 140);
    for (nn::Index i = 0; i < faint.light.size(); ++i) {
      if (faint.light.data()[i] == 40) faint.light.data()[i] = 200;
    }
    CHECK(faint.noise(8).has_letters({{90, 140}}));
    CHECK(Page().noise(8).digits().empty());
    CHECK(Page().noise(200).digits().empty());
    CHECK(Page().digits().empty());
  }

  TEST_CASE("find_digits: light that falls off, and shadows with an edge, are paper") {
    for (const bool has_letter : {true, false}) {
      CAPTURE(has_letter);
      Page slope, shadow;
      if (has_letter) slope.letter(90, 140), shadow.letter(90, 140);
      for (nn::Index y = 0; y < 240; ++y) {
        for (nn::Index x = 0; x < 320; ++x) {
          slope.light(y, x) = static_cast<std::uint8_t>(slope.light(y, x) * (400 - x) / 400);
          if (x > 160) shadow.light(y, x) = static_cast<std::uint8_t>(shadow.light(y, x) * 6 / 10);
        }
      }
      CHECK(slope.has_letters(has_letter ? std::vector{std::pair<nn::Index, nn::Index>{90, 140}}
                                         : std::vector<std::pair<nn::Index, nn::Index>>{}));
      CHECK(shadow.digits().size() == (has_letter ? 1 : 0));
    }
  }

  TEST_CASE("find_digits: printed lines are left out, and writing across them stays whole") {
    CHECK(Page().letter(90, 140).lines(24).has_letters({{90, 140}}));
    CHECK(Page().letter(90, 140).lines(24, 40).has_letters({{90, 140}}));  // as dark as the ink
    CHECK(Page().lines(24).digits().empty());
    Page upright;
    upright.letter(90, 140).lines(24);
    upright.light = transposed(upright.light);
    CHECK(upright.digits().size() == 1);
  }

  TEST_CASE("find_digits: a single stroke is no printed line") {
    const std::vector<Box> boxes = Page().bar(20, 150, 220, 153).digits();
    REQUIRE(boxes.size() == 1);
    CHECK(boxes[0].height() >= 198);
  }

  TEST_CASE("find_digits: a thin line stays whole where it lies across two pixels") {
    Page thin;
    thin.bar(90, 140, 170, 141).bar(169, 140, 170, 180).bar(110, 139, 150, 141, 150);
    CHECK(thin.has_letters({{90, 140}}));
  }

  TEST_CASE("find_digits: frames and what lies around the sheet are left out") {
    CHECK(Page().letter(90, 140).frame(60, 100, 200, 220, 4).has_letters({{90, 140}}));
    CHECK(Page().letter(90, 140).frame(0, 0, 240, 320, 3).has_letters({{90, 140}}));
    CHECK(Page().letter(90, 140).frame(0, 0, 240, 320, 30).has_letters({{90, 140}}));
    CHECK(Page().letter(90, 140).bar(0, 0, 240, 50).has_letters({{90, 140}}));
    CHECK(Page().frame(0, 0, 240, 320, 3).digits().empty());
    CHECK(Page().frame(0, 0, 240, 320, 30).digits().empty());
  }

  TEST_CASE("find_digits: dust is left out, and the parts of one digit belong together") {
    Page dusty;
    dusty.letter(90, 140);
    for (nn::Index x = 10; x < 310; x += 30) dusty.bar(30, x, 33, x + 3);
    CHECK(dusty.has_letters({{90, 140}}));
    CHECK(Page().letter(90, 140).bar(78, 140, 86, 180).digits().size() == 1);  // a bar on top
    CHECK(Page().letter(90, 140).bar(115, 138, 118, 152, 230).has_letters({{90, 140}}));  // a gap
  }
}
