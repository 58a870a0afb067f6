// SPDX-License-Identifier: MIT
// What the file of a picture says of itself, before stb_image decodes it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "nn/core/config.hpp"

namespace mnist::detail {

using FileBytes = std::vector<std::uint8_t>;

[[nodiscard]] inline bool holds(const FileBytes& bytes, std::size_t place, std::string_view text) {
  return bytes.size() >= place + text.size() &&
         std::equal(text.begin(), text.end(), bytes.data() + place,
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

[[nodiscard]] inline bool is_png(const FileBytes& bytes) {
  return holds(bytes, 0, "\x89PNG\r\n\x1a\n");
}
/// Bytes 0xff may stand in front of a marker as padding.
[[nodiscard]] inline bool is_jpeg(const FileBytes& bytes) { return holds(bytes, 0, "\xff"); }

/// The kind of a file in a format that is not read here, but may be passed by mistake; empty for
/// all other files.
[[nodiscard]] inline std::string_view foreign_format(const FileBytes& bytes) {
  using namespace std::string_view_literals;
  struct Signature {
    std::size_t place;
    std::string_view text;
    std::string_view format;
  };
  static constexpr Signature signatures[] = {
      {8, "WEBP", "WebP"},  // after "RIFF" and a size
      {0, "GIF8", "GIF"},
      {0, "II*\0"sv, "TIFF"},
      {0, "MM\0*"sv, "TIFF"},
      {4, "ftypavi", "AVIF"},  // after a size, as the next ones
      {4, "ftyphei", "HEIC"},
      {4, "ftyphev", "HEIC"},
      {4, "ftypmif1", "HEIC"},
      {4, "ftypmsf1", "HEIC"},
      {4, "ftyp", "a video"},
      {4, "JXL \r\n", "JPEG XL"},
      {0, "\xff\x0a", "JPEG XL"},
      {4, "jP  \r\n", "JPEG 2000"},
      {0, "\0\0\1\0"sv, "ICO"},
      {0, "8BPS", "PSD"},
      {0, "%PDF", "PDF"},
      {0, "qoif", "QOI"},
      {0, "<svg", "SVG"},
      {0, "<?xml", "XML"},
      {0, "<!DOCTYPE html", "a web page"},
      {0, "<!doctype html", "a web page"},
      {0, "<html", "a web page"},
      {0, "\x1f\x8b", "gzip"},
      {0, "PK\3\4", "ZIP"},
  };
  for (const Signature& signature : signatures) {
    if (holds(bytes, signature.place, signature.text)) return signature.format;
  }
  const bool is_pnm = bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7' &&
                      (bytes[2] == ' ' || bytes[2] == '\n' || bytes[2] == '\r');
  return is_pnm ? "PNM" : "";
}

/// Whether all chunks of a PNG end within the file: stb_image would allocate as much memory as a
/// chunk announces before it reads any of it. True for other kinds of files.
[[nodiscard]] inline bool has_whole_chunks(const FileBytes& bytes) {
  if (!is_png(bytes)) return true;
  std::size_t place = 8;
  while (place + 8 <= bytes.size() && !holds(bytes, place + 4, "IEND")) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8 | bytes[place + i];
    if (length > bytes.size() - place - 8) return false;
    place += 12 + length;  // 12: its length, name and checksum
  }
  return true;
}

/// The most pixels that a file of this size can hold.
[[nodiscard]] inline nn::Index most_pixels(const FileBytes& bytes) {
  constexpr nn::Index deflate = 1032;  // most bytes that one packed byte stands for
  const auto bits = 8 * static_cast<nn::Index>(bytes.size());
  if (is_jpeg(bytes)) return 64 * bits;  // a block of 8 x 8 takes at least a bit
  if (!is_png(bytes)) return bits;
  constexpr std::size_t depth = 24, colour = 25;  // positions in the header
  if (bytes.size() <= colour) return 0;
  const nn::Index channels = bytes[colour] == 2   ? 3
                             : bytes[colour] == 4 ? 2
                             : bytes[colour] == 6 ? 4
                                                  : 1;
  return deflate * bits / (channels * std::max<nn::Index>(bytes[depth], 1));
}

}  // namespace mnist::detail
