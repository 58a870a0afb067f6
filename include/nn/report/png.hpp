// SPDX-License-Identifier: MIT
// Small pictures as PNG files (ISO/IEC 15948) in data URIs.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nn/core/config.hpp"
#include "nn/core/error.hpp"

namespace nn::report {

struct Color {
  std::uint8_t red = 0, green = 0, blue = 0;
};

/// At most 16 colours, which take four bits a pixel.
using Palette = std::array<Color, 16>;

namespace png {

[[nodiscard]] inline std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(number >> shift & 0xFF);
  return bytes;
}

[[nodiscard]] NN_COLD inline std::uint32_t crc32(std::string_view bytes) {
  constexpr std::uint32_t polynomial = 0xEDB88320;
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
  }
  return ~crc;
}

[[nodiscard]] NN_COLD inline std::uint32_t adler32(std::string_view bytes) {
  constexpr std::uint32_t modulus = 65521;
  std::uint32_t sum = 1, sum_of_sums = 0;
  for (const char byte : bytes) {
    sum = (sum + static_cast<unsigned char>(byte)) % modulus;
    sum_of_sums = (sum_of_sums + sum) % modulus;
  }
  return sum_of_sums << 16 | sum;
}

/// A zlib stream (RFC 1950) of stored blocks (RFC 1951): pictures of a few hundred pixels lose
/// little by it, and the page needs no library.
[[nodiscard]] NN_COLD inline std::string store(std::string_view bytes) {
  constexpr std::size_t most = 65535;
  std::string stream = "\x78\x01";
  for (std::size_t first = 0; first < bytes.size() || first == 0; first += most) {
    const std::string_view block = bytes.substr(first, most);
    const auto size = static_cast<std::uint32_t>(block.size());
    stream += first + most >= bytes.size() ? '\1' : '\0';
    for (const std::uint32_t number : {size, ~size}) {
      stream += static_cast<char>(number & 0xFF);
      stream += static_cast<char>(number >> 8 & 0xFF);
    }
    stream += block;
  }
  return stream + big_endian(adler32(bytes));
}

inline void append_chunk(std::string& file, std::string_view type, std::string_view data) {
  const std::string body = std::string(type).append(data);
  file += big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(crc32(body));
}

/// `rows`: of pixels, as they are stored.
[[nodiscard]] NN_COLD inline std::string make_png(Index width, Index height, int bits,
                                                  int color_type, std::string_view palette,
                                                  std::span<const std::string> rows) {
  std::string header = big_endian(static_cast<std::uint32_t>(width)) +
                       big_endian(static_cast<std::uint32_t>(height));
  for (const int byte : {bits, color_type, 0, 0, 0}) header += static_cast<char>(byte);
  std::string data;
  for (const std::string& row : rows) data.append(1, '\0').append(row);  // no filter
  std::string file = "\x89PNG\r\n\x1A\n";
  append_chunk(file, "IHDR", header);
  if (!palette.empty()) append_chunk(file, "PLTE", palette);
  append_chunk(file, "IDAT", store(data));
  append_chunk(file, "IEND", "");
  return file;
}

}  // namespace png

/// A picture [height, width, channels] of 1 (grey) or 3 (red, green, blue) channels.
[[nodiscard]] NN_COLD inline std::string encode_png(std::span<const std::uint8_t> pixels,
                                                    Index height, Index width, Index channels) {
  NN_ASSERT(static_cast<Index>(pixels.size()) == height * width * channels);
  const auto line_size = static_cast<std::size_t>(width * channels);
  std::vector<std::string> rows;
  for (std::size_t row = 0; row < static_cast<std::size_t>(height); ++row) {
    const auto line = pixels.subspan(row * line_size, line_size);
    rows.emplace_back(line.begin(), line.end());
  }
  return png::make_png(width, height, 8, channels == 3 ? 2 : 0, "", rows);
}

/// The same of numbers of colours, [height, width].
[[nodiscard]] NN_COLD inline std::string encode_png(std::span<const std::uint8_t> pixels,
                                                    Index height, Index width,
                                                    const Palette& palette) {
  NN_ASSERT(static_cast<Index>(pixels.size()) == height * width);
  std::string colors;
  for (const Color& color : palette) {
    for (const std::uint8_t part : {color.red, color.green, color.blue}) {
      colors += static_cast<char>(part);
    }
  }
  std::vector<std::string> rows;
  for (Index row = 0; row < height; ++row) {
    std::string line(static_cast<std::size_t>((width + 1) / 2), '\0');
    for (Index column = 0; column < width; ++column) {
      const int number = pixels[static_cast<std::size_t>(row * width + column)] & 15;
      char& pair = line[static_cast<std::size_t>(column / 2)];
      pair = static_cast<char>(pair | (column % 2 == 0 ? number << 4 : number));
    }
    rows.push_back(std::move(line));
  }
  return png::make_png(width, height, 4, 3, colors, rows);
}

/// Base64 (RFC 4648) of a PNG file, as the address of a picture.
[[nodiscard]] NN_COLD inline std::string data_uri(std::string_view file) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string uri = "data:image/png;base64,";
  for (std::size_t i = 0; i < file.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = i; j < i + 3; ++j) {
      bits = bits << 8 | (j < file.size() ? static_cast<unsigned char>(file[j]) : 0u);
    }
    const std::size_t count = std::min<std::size_t>(file.size() - i, 3) + 1;
    for (std::size_t k = 0; k < 4; ++k) uri += k < count ? letters[bits >> (18 - 6 * k) & 63] : '=';
  }
  return uri;
}

}  // namespace nn::report
