// SPDX-License-Identifier: MIT
// Pictures for the tests of what reads them: drawn by rectangles, written as PNG, BMP or JPEG.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/examples/mnist/files.hpp"

#pragma GCC diagnostic push  // not our code
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wunused-function"
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>
#pragma GCC diagnostic pop

namespace mnist::testing {

/// Pixels to write to a file, row by row, `channels` bytes each.
struct Canvas {
  int height;
  int width;
  int channels;
  Bytes bytes;

  Canvas(int h, int w, std::uint8_t paper, int c = 1)
      : height(h), width(w), channels(c), bytes(static_cast<std::size_t>(h * w * c), paper) {}

  std::uint8_t* at(int y, int x) {
    return &bytes[static_cast<std::size_t>((y * width + x) * channels)];
  }
  void rectangle(int top, int left, int bottom, int right, std::uint8_t ink) {
    for (int y = top; y < bottom; ++y)
      std::fill(at(y, left), at(y, left) + (right - left) * channels, ink);
  }
  /// An upright L of thickness h/4: neither symmetric nor round.
  void letter(int top, int left, int h, std::uint8_t ink) {
    rectangle(top, left, top + h, left + h / 4, ink);
    rectangle(top + h - h / 4, left, top + h, left + h / 2, ink);
  }
};

inline void write_png(const std::filesystem::path& path, const Canvas& canvas) {
  REQUIRE(stbi_write_png(path.c_str(), canvas.width, canvas.height, canvas.channels,
                         canvas.bytes.data(), 0) != 0);
}

/// A grey PNG of side x side pixels of one bit, whose data are `side` lines of `line_size` bytes:
/// `fill(line, y)` makes a line, the number of its filter first, of the one before.
template <class Fill>
void write_packed_png(const std::filesystem::path& path, std::uint32_t side, std::size_t line_size,
                      Fill fill) {
  Bytes lines;
  Bytes line(line_size);
  for (std::uint32_t y = 0; y < side; ++y) {
    fill(line, static_cast<int>(y));
    lines.insert(lines.end(), line.begin(), line.end());
  }
  uLongf size = compressBound(lines.size());
  Bytes packed(size);
  REQUIRE(compress2(packed.data(), &size, lines.data(), lines.size(), 9) == Z_OK);
  packed.resize(size);
  Bytes file = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  const auto append_chunk = [&](const std::string& name, const Bytes& content) {
    const Bytes length = big_endian(static_cast<std::uint32_t>(content.size()));
    file.insert(file.end(), length.begin(), length.end());
    file.insert(file.end(), name.begin(), name.end());
    file.insert(file.end(), content.begin(), content.end());
    file.insert(file.end(), 4, 0);  // a checksum that stb_image doesn't look at
  };
  Bytes header = big_endian(side);
  header.insert(header.end(), header.begin(), header.end());
  header.insert(header.end(), {1, 0, 0, 0, 0});
  append_chunk("IHDR", header);
  append_chunk("IDAT", packed);
  append_chunk("IEND", {});
  write_file(path, file);
}

}  // namespace mnist::testing
