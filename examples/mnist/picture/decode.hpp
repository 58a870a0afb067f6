// SPDX-License-Identifier: MIT
// Decodes a picture file within bounds of memory.
#pragma once

#include <stb_image.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <new>
#include <string>
#include <system_error>

#include "mnist/picture/exif.hpp"
#include "mnist/picture/file_format.hpp"
#include "mnist/picture/jpeg.hpp"
#include "mnist/picture/memory.hpp"
#include "nn/core/error.hpp"
#include "nn/core/tensor.hpp"

namespace mnist {

inline constexpr nn::Index max_picture_pixels = nn::Index{64} << 20;
// Twice the size of the largest pictures allowed as BMP, the largest of the formats.
inline constexpr std::size_t max_picture_bytes = std::size_t{512} << 20;

namespace detail {

struct Picture {
  std::unique_ptr<stbi_uc, void (*)(void*)> pixels{nullptr, stbi_image_free};  // [H, W, 4], RGBA
  nn::Index height = 0;
  nn::Index width = 0;
  int orientation = 1;  // of Exif, 1 to 8: how to turn it upright
};

[[noreturn]] inline void refuse(const std::filesystem::path& path, const std::string& expected,
                                const std::string& got, const std::string& remedy = {}) {
  throw nn::IoError{nn::sentence({"read_digits", expected, got, path.string(), remedy})};
}

/// The bytes of the file. Read once from front to end, as a pipe cannot be opened twice.
[[nodiscard]] inline FileBytes read_whole(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) refuse(path, "a picture", "a folder");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) refuse(path, "a readable picture", std::strerror(errno));
  FileBytes bytes;
  while (file) {
    constexpr std::size_t piece = std::size_t{1} << 16;
    const std::size_t size = bytes.size();
    if (size > max_picture_bytes) refuse(path, "at most 512 MiB", "more");
    bytes.resize(size + piece);
    file.read(reinterpret_cast<char*>(bytes.data() + size), piece);
    bytes.resize(size + static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) refuse(path, "a readable picture", "an error in reading it");
  return bytes;
}

/// Throws `IoError` for an empty picture or one that is too large. The height is below zero in a
/// BMP whose first row is the top one.
inline void check_size(const std::filesystem::path& path, nn::Index width, nn::Index height) {
  const std::string size = nn::concat({width, "x", height});
  if (width < 1 || height == 0) refuse(path, "at least one pixel", size);
  if (width * std::abs(height) > max_picture_pixels) {
    refuse(path, "at most 64 megapixels", size, "scale the picture down");
  }
}

/// The largest block of memory that a sound file needs. That is either the pixels, with four
/// channels of 16 bits, sides rounded up as in JPEG, and doubled, as stb_image enlarges blocks; or
/// the packed data of a PNG, doubled too.
[[nodiscard]] inline std::size_t largest_block(nn::Index width, nn::Index height,
                                               std::size_t file_size) {
  constexpr nn::Index fill = 32;
  const auto unpacked = static_cast<std::size_t>(2 * 8 * (width + fill) * (height + fill));
  return std::min(std::max({unpacked, 2 * file_size, PictureMemory{}.largest_block}),
                  max_picture_bytes);
}

[[nodiscard]] inline Picture decode(const std::filesystem::path& path) {
  const FileBytes bytes = read_whole(path);
  constexpr const char* rule = "a PNG, JPEG or BMP picture";
  if (bytes.empty()) refuse(path, rule, "an empty file");
  if (const auto format = foreign_format(bytes); !format.empty()) {
    refuse(path, rule, std::string{format}, "convert it to one of these");
  }
  if (const char* fault = fault_of_jpeg(bytes)) refuse(path, "a sound JPEG picture", fault);
  if (!has_whole_chunks(bytes)) refuse(path, "a whole PNG picture", "one that ends too early");
  picture_memory = {};
  const auto fail = [&] {
    if (picture_memory.is_exhausted) throw std::bad_alloc{};
    if (picture_memory.is_exceeded && picture_memory.largest_block == max_picture_bytes) {
      refuse(path, "at most 512 MiB, unpacked", "more", "scale the picture down");
    }
    if (picture_memory.is_exceeded) {
      refuse(path, "a sound picture", "one that unpacks to more than its pixels");
    }
    // stb_image names an unknown chunk in its message. In a torn file the name may be missing, and
    // the message breaks off.
    const std::string reason = stbi_failure_reason();
    refuse(path, rule, reason.size() < 5 ? "a damaged file" : '"' + reason + '"');
  };
  int width = 0;
  int height = 0;
  int channels = 0;
  const int length = static_cast<int>(bytes.size());
  if (stbi_info_from_memory(bytes.data(), length, &width, &height, &channels) == 0) fail();
  check_size(path, width, height);  // before anything is unpacked
  if (width * std::abs(nn::Index{height}) > most_pixels(bytes)) {
    refuse(path, nn::concat({"a file with room for ", width, "x", std::abs(height), " pixels"}),
           nn::concat({bytes.size(), " bytes"}), "it is torn or damaged");
  }
  picture_memory.largest_block = largest_block(width, std::abs(height), bytes.size());
  Picture picture;
  picture.pixels.reset(stbi_load_from_memory(bytes.data(), length, &width, &height, &channels, 4));
  if (!picture.pixels) fail();
  check_size(path, width, height);  // what follows relies on it
  picture.height = height;
  picture.width = width;
  picture.orientation = orientation_of(bytes);
  return picture;
}

}  // namespace detail
}  // namespace mnist
