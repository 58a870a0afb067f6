// SPDX-License-Identifier: MIT
// Pictures of digits, as people might hand them in, and files that are none.
#include "mnist/digit_image.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "mnist/drawn_digits.hpp"
#include "tests/examples/mnist/files.hpp"
#include "tests/examples/mnist/picture/pictures.hpp"

using mnist::Images;
using mnist::read_digits;
using namespace mnist::testing;

namespace {

// Sanitizers look at each pixel: they get fewer.
#ifdef NN_SANITIZER
constexpr int scale = 2;
#else
constexpr int scale = 1;
#endif

[[nodiscard]] Images read_back(const Canvas& canvas) {
  const TemporaryFolder folder;
  write_png(folder / "digit.png", canvas);
  return read_digits(folder / "digit.png");
}

[[nodiscard]] std::string refusal(const std::filesystem::path& path) {
  return message_of<nn::IoError>([&] { (void)read_digits(path); });
}

/// The L of the canvases as it should come out: 20 high, 10 wide, centred by mass.
[[nodiscard]] Images expected_letter() {
  mnist::Ink ink(20, 10);
  ink.setZero();
  for (nn::Index y = 0; y < 20; ++y) {
    for (nn::Index x = 0; x < 10; ++x) ink(y, x) = (x < 5 || y >= 15) ? 1.0f : 0.0f;
  }
  Images image(1, 28, 28, 1);
  mnist::centre_by_mass(ink, image.data());
  return image;
}

/// The largest difference of two images' pixels, 0 to 255.
[[nodiscard]] int difference(const Images& a, const Images& b) {
  REQUIRE(nn::shape_of(a) == nn::Shape{1, 28, 28, 1});
  REQUIRE(nn::shape_of(b) == nn::Shape{1, 28, 28, 1});
  int largest = 0;
  for (nn::Index i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(a.data()[i] - b.data()[i]));
  }
  return largest;
}

/// Image `index`, enlarged and cut out at its ink, with a margin of `margin` pixels.
[[nodiscard]] Canvas drawn_with_margin(const Images& digits, nn::Index index, int margin) {
  constexpr int times = 6;
  int top = 28, left = 28, bottom = 0, right = 0;
  for (int y = 0; y < 28; ++y) {
    for (int x = 0; x < 28; ++x) {
      if (digits(index, y, x, 0) < 128) continue;
      top = std::min(top, y), bottom = std::max(bottom, y + 1);
      left = std::min(left, x), right = std::max(right, x + 1);
    }
  }
  Canvas canvas(times * (bottom - top) + 2 * margin, times * (right - left) + 2 * margin, 0);
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) {
      const int row = times * (y - top) + margin, column = times * (x - left) + margin;
      canvas.rectangle(row, column, row + times, column + times, digits(index, y, x, 0));
    }
  }
  return canvas;
}

/// By how much two images differ, as a share of the ink of the second.
[[nodiscard]] double change(const Images& a, const Images& b) {
  if (nn::shape_of(a) != nn::shape_of(b)) return 1;
  double sum = 0, ink = 0;
  for (nn::Index i = 0; i < b.size(); ++i) {
    sum += std::abs(a.data()[i] - b.data()[i]);
    ink += b.data()[i];
  }
  return sum / ink;
}

}  // namespace

TEST_SUITE("examples/mnist/digit_image") {
  TEST_CASE("read_digits: dark on light and light on dark come out alike, wherever the digit is") {
    Canvas dark(100, 120, 255);
    dark.letter(3, 70, 80, 0);
    CHECK(difference(read_back(dark), expected_letter()) == 0);
    Canvas light(100, 120, 20);
    light.letter(17, 2, 80, 230);
    CHECK(difference(read_back(light), expected_letter()) == 0);
  }

  TEST_CASE("read_digits: scales tiny and huge pictures into the same box") {
    Canvas tiny(10, 6, 255);
    tiny.letter(1, 1, 8, 0);
    CHECK(difference(read_back(tiny), expected_letter()) == 0);
    Canvas huge(4000 / scale, 3000 / scale, 255);
    huge.letter(400 / scale, 500 / scale, 3200 / scale, 0);
    CHECK(difference(read_back(huge), expected_letter()) <= 32);  // shrunk twice: grey edges
  }

  TEST_CASE(
      "read_digits: keeps the proportions of thin and of wide ink, drawn by a pen of two pixels") {
    Canvas thin(60, 60, 255);
    thin.rectangle(5, 30, 55, 32, 0);
    const Images upright = read_back(thin);
    CHECK(upright(0, 5, 14, 0) == 255);
    CHECK(upright(0, 24, 14, 0) == 255);
    CHECK(upright(0, 14, 12, 0) == 0);
    CHECK(upright(0, 14, 16, 0) == 0);
    Canvas wide(60, 60, 255);
    wide.rectangle(30, 5, 32, 55, 0);
    const Images lying = read_back(wide);
    CHECK(lying(0, 14, 5, 0) == 255);
    CHECK(lying(0, 14, 24, 0) == 255);
    CHECK(lying(0, 12, 14, 0) == 0);
  }

  TEST_CASE("read_digits: takes colour, alpha, BMP and JPEG") {
    const TemporaryFolder folder;
    Canvas colour(40, 40, 255, 3);
    colour.letter(4, 8, 32, 255);
    for (int y = 0; y < 40; ++y) {
      for (int x = 0; x < 40; ++x) {
        const bool is_ink =
            (x >= 8 && x < 16 && y >= 4 && y < 36) || (x >= 8 && x < 24 && y >= 28 && y < 36);
        colour.at(y, x)[0] = is_ink ? 150 : 255;  // dark red on yellow
        colour.at(y, x)[1] = is_ink ? 10 : 240;
        colour.at(y, x)[2] = is_ink ? 20 : 120;
      }
    }
    CHECK(difference(read_back(colour), expected_letter()) <= 1);
    REQUIRE(stbi_write_bmp((folder / "digit.bmp").c_str(), 40, 40, 3, colour.bytes.data()) != 0);
    CHECK(difference(read_digits(folder / "digit.bmp"), expected_letter()) <= 1);
    REQUIRE(stbi_write_jpg((folder / "digit.jpg").c_str(), 40, 40, 3, colour.bytes.data(), 90) !=
            0);
    CHECK(difference(read_digits(folder / "digit.jpg"), expected_letter()) <= 60);  // lossy
  }

  TEST_CASE("read_digits: ink of any colour on transparent paper is found, even white") {
    for (const std::uint8_t ink : {std::uint8_t{0}, std::uint8_t{255}}) {
      CAPTURE(ink);
      Canvas canvas(40, 40, 0, 4);
      for (std::size_t i = 0; i < canvas.bytes.size(); i += 4) {
        std::fill_n(&canvas.bytes[i], 3, ink);  // the same colour everywhere: only alpha tells
      }
      for (int y = 4; y < 36; ++y) {
        for (int x = 8; x < (y < 28 ? 16 : 24); ++x) canvas.at(y, x)[3] = 255;
      }
      CHECK(difference(read_back(canvas), expected_letter()) == 0);
    }
  }

  TEST_CASE("read_digits: noise of the paper and specks of dust do not shift the digit") {
    Canvas canvas(120, 120, 255);
    canvas.letter(20, 20, 80, 40);
    const nn::Random random(5, {});
    for (std::size_t i = 0; i < canvas.bytes.size(); ++i) {
      const double noisy = canvas.bytes[i] - 30 * random.uniform(i);
      canvas.bytes[i] = static_cast<std::uint8_t>(std::max(noisy, 0.0));
    }
    canvas.rectangle(2, 110, 5, 113, 0);  // the speck
    CHECK(difference(read_back(canvas), expected_letter()) <= 30);
  }

  TEST_CASE("read_digits: pictures of drawn digits come back almost as they were") {
    constexpr nn::Index count = 100 / scale;
    const Images digits = mnist::draw_digits(count, 8, mnist::Split::test).first;
    int num_kept = 0;
    for (nn::Index i = 0; i < count; ++i) {
      Canvas canvas(28, 28, 0);
      std::copy_n(digits.data() + 784 * i, 784, canvas.bytes.data());
      Images digit(1, 28, 28, 1);
      std::copy_n(digits.data() + 784 * i, 784, digit.data());
      if (change(read_back(canvas), digit) < 0.35) ++num_kept;
    }
    // A pale outermost row may be lost: the rest is then stretched, and sometimes moved by a pixel.
    CHECK(100 * num_kept >= 85 * count);
  }

  TEST_CASE("read_digits: digits cut out at their ink come out as on a page") {
    constexpr nn::Index count = 60 / scale;
    const Images digits = mnist::draw_digits(count, 8, mnist::Split::test).first;
    int num_alike = 0;
    for (nn::Index i = 0; i < count; ++i) {
      CAPTURE(i);
      const Images page = read_back(drawn_with_margin(digits, i, 40));
      try {
        num_alike += change(read_back(drawn_with_margin(digits, i, 0)), page) < 0.5 ? 1 : 0;
      } catch (const nn::IoError&) {  // not found: a 1 may be no more than a black rectangle
      }
    }
    CHECK(100 * num_alike >= 95 * count);
  }

  TEST_CASE("read_digits: blank pictures are refused") {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder / "blank.png";
    const std::string sentence =
        "read_digits: expected a digit, got a picture with no digit found (" + path.string() +
        "); the ink must stand out from the paper";
    for (const std::uint8_t paper : {std::uint8_t{0}, std::uint8_t{128}, std::uint8_t{255}}) {
      CAPTURE(paper);
      write_png(path, Canvas(30, 30, paper));
      CHECK(refusal(path) == sentence);
    }
    write_png(path, Canvas(1, 1, 90));
    CHECK(refusal(path) == sentence);
    Canvas faint(30, 30, 200);
    faint.rectangle(10, 10, 20, 12, 190);
    write_png(path, faint);
    CHECK(refusal(path) == sentence);
  }

  TEST_CASE("read_digits: what is no picture is refused with the reason") {
    const TemporaryFolder folder;
    const auto path = (folder / "digit.png").string();
    CHECK(refusal(path) ==
          "read_digits: expected a readable picture, got No such file or directory (" + path + ")");
    CHECK(refusal(folder.path()) ==
          "read_digits: expected a picture, got a folder (" + folder.path().string() + ")");
    write_file(path, {});
    CHECK(refusal(path) ==
          "read_digits: expected a PNG, JPEG or BMP picture, got an empty file (" + path + ")");
    write_file(path, {'7', '\n'});
    CHECK(refusal(path) ==
          "read_digits: expected a PNG, JPEG or BMP picture, got \"Image not of any known type, or "
          "corrupt\" (" +
              path + ")");
  }

  TEST_CASE("read_digits: pictures of other formats are called by their names") {
    using namespace std::string_literals;
    const TemporaryFolder folder;
    const auto path = (folder / "digit.jpg").string();
    const std::pair<std::string, const char*> files[] = {
        {"RIFF\x24\0\0\0WEBPVP8 "s, "WebP"},
        {"GIF89a\x1c\0"s, "GIF"},
        {"II*\0\x08\0\0\0"s, "TIFF"},
        {"MM\0*\0\0\0\x08"s, "TIFF"},
        {"\0\0\0\x18"
         "ftypheic\0\0"s,
         "HEIC"},
        {"\0\0\0\x18"
         "ftypheix\0\0"s,
         "HEIC"},
        {"\0\0\0\x18"
         "ftypmif1\0\0"s,
         "HEIC"},
        {"\0\0\0\x20"
         "ftypavif\0\0"s,
         "AVIF"},
        {"\0\0\0\x20"
         "ftypisom\0\0"s,
         "a video"},
        {"\0\0\0\x0cJXL \r\n\x87\n"s, "JPEG XL"},
        {"\xff\x0a\0\0"s, "JPEG XL"},
        {"\0\0\0\x0cjP  \r\n\x87\n"s, "JPEG 2000"},
        {"\0\0\1\0\1\0"s, "ICO"},
        {"8BPS\0\1"s, "PSD"},
        {"%PDF-1.7\n"s, "PDF"},
        {"qoif\0"s, "QOI"},
        {"P5 28 28 255\n"s, "PNM"},
        {"P7\nWIDTH 28\n"s, "PNM"},
        {"<svg xmlns="s, "SVG"},
        {"<?xml version="s, "XML"},
        {"<!DOCTYPE html>"s, "a web page"},
        {"\x1f\x8b\x08"s, "gzip"},
        {"PK\3\4"s, "ZIP"},
    };
    for (const auto& [start, format] : files) {
      const std::string name = format;
      CAPTURE(name);
      write_file(path, Bytes(start.begin(), start.end()));
      CHECK(refusal(path) == "read_digits: expected a PNG, JPEG or BMP picture, got "s + name +
                                 " (" + path + "); convert it to one of these");
    }
    for (const std::string start : {"P8 28", "P5", "RIFF", "II*"}) {
      CAPTURE(start);
      write_file(path, Bytes(start.begin(), start.end()));
      CHECK(refusal(path).find("\"Image not of any known type, or corrupt\"") != std::string::npos);
    }
  }

  TEST_CASE("read_digits: takes a BMP whose first row is the upper one") {
    const TemporaryFolder folder;
    const auto path = (folder / "digit.bmp").string();
    Canvas canvas(40, 40, 255, 3);
    canvas.letter(4, 8, 32, 0);
    Canvas reversed = canvas;
    for (int y = 0; y < 40; ++y) std::copy_n(canvas.at(y, 0), 40 * 3, reversed.at(39 - y, 0));
    REQUIRE(stbi_write_bmp(path.c_str(), 40, 40, 3, reversed.bytes.data()) != 0);
    Bytes bytes = read_file(path);
    const Bytes height = {0xd8, 0xff, 0xff, 0xff};  // -40
    std::copy(height.begin(), height.end(), bytes.begin() + 22);
    write_file(path, bytes);
    CHECK(difference(read_digits(path), expected_letter()) == 0);
  }
}
