// SPDX-License-Identifier: MIT
#include "nn/report/png.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nn/core/random.hpp"

#define STBI_ONLY_PNG
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>

namespace nn::report {
namespace {

/// What another reader finds in a PNG file, as `channels` bytes a pixel.
std::vector<std::uint8_t> decode(const std::string& file, int channels, Index height, Index width) {
  int found_width = 0, found_height = 0, found_channels = 0;
  stbi_uc* const pixels = stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(file.data()),
                                                static_cast<int>(file.size()), &found_width,
                                                &found_height, &found_channels, channels);
  REQUIRE(pixels != nullptr);
  CHECK(found_height == height);
  CHECK(found_width == width);
  std::vector<std::uint8_t> values(pixels, pixels + found_width * found_height * channels);
  stbi_image_free(pixels);
  return values;
}

std::vector<std::uint8_t> random_bytes(Index count) {
  const Random random{3, {}};
  std::vector<std::uint8_t> bytes;
  for (Index i = 0; i < count; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(256 * random.uniform(static_cast<std::uint64_t>(i))));
  }
  return bytes;
}

}  // namespace

TEST_SUITE("report/png") {
  TEST_CASE("encode_png: another reader finds the same pixels, grey and in colours") {
    // The last one has more than one stored block.
    for (const auto& size : {std::pair<Index, Index>{1, 1}, {5, 3}, {28, 28}, {300, 250}}) {
      const Index height = size.first, width = size.second;  // clang 14 captures no bindings
      for (const int channels : {1, 3}) {
        CAPTURE(width);
        CAPTURE(channels);
        const auto pixels = random_bytes(height * width * channels);
        const std::string file = encode_png(pixels, height, width, channels);
        CHECK(decode(file, channels, height, width) == pixels);
      }
    }
  }

  TEST_CASE("encode_png: numbers of colours, of odd and even widths") {
    Palette palette;
    for (std::size_t i = 0; i < 16; ++i) {
      palette[i] = {static_cast<std::uint8_t>(i * 16), static_cast<std::uint8_t>(255 - i),
                    static_cast<std::uint8_t>(7 * i)};
    }
    for (const Index width : {1, 2, 7, 8}) {
      CAPTURE(width);
      std::vector<std::uint8_t> numbers = random_bytes(5 * width), expected;
      for (std::uint8_t& number : numbers) {
        number &= 15;
        const Color& color = palette[number];
        expected.insert(expected.end(), {color.red, color.green, color.blue});
      }
      CHECK(decode(encode_png(numbers, 5, width, palette), 3, 5, width) == expected);
    }
  }

  TEST_CASE("data_uri: Base64 with the padding of each length (RFC 4648)") {
    const std::string start = "data:image/png;base64,";
    CHECK(data_uri("") == start);
    CHECK(data_uri("f") == start + "Zg==");
    CHECK(data_uri("fo") == start + "Zm8=");
    CHECK(data_uri("foo") == start + "Zm9v");
    CHECK(data_uri("foobar") == start + "Zm9vYmFy");
    CHECK(data_uri("\xFB\xEF\xFF") == start + "++//");
  }
}

}  // namespace nn::report
