// SPDX-License-Identifier: MIT
// A digit in a picture file, brought into the form of MNIST.
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

#include "mnist/centre.hpp"
#include "mnist/idx.hpp"
#include "mnist/ink.hpp"
#include "mnist/jpeg.hpp"
#include "mnist/picture_file.hpp"
#include "mnist/picture_memory.hpp"
#include "nn/core/error.hpp"
#include "nn/core/tensor.hpp"

namespace mnist {

inline constexpr nn::Index max_picture_pixels = nn::Index{64} << 20;
// Twice what so many pixels take in the largest of the formats, BMP.
inline constexpr std::size_t max_picture_bytes = std::size_t{512} << 20;

namespace detail {

/// Brightness 0 to 255, pixels with an alpha channel laid over `paper`. Shape [H, W]
using Grey = nn::Tensor<std::uint8_t, 2>;

struct Picture {
  std::unique_ptr<stbi_uc, void (*)(void*)> pixels{nullptr, stbi_image_free};  // [H, W, 4], RGBA
  nn::Index height = 0;
  nn::Index width = 0;
};

[[noreturn]] inline void refuse(const std::filesystem::path& path, const std::string& expected,
                                const std::string& got, const std::string& remedy = {}) {
  throw nn::IoError{nn::sentence({"read_digit", expected, got, path.string(), remedy})};
}

/// The file's bytes, read once from front to back: pipes cannot be opened twice.
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

/// A height below zero is that of a BMP whose first row is the upper one.
inline void check_size(const std::filesystem::path& path, nn::Index width, nn::Index height) {
  const std::string size = nn::concat({width, "x", height});
  if (width < 1 || height == 0) refuse(path, "at least one pixel", size);
  if (width * std::abs(height) > max_picture_pixels) {
    refuse(path, "at most 64 megapixels", size, "scale the picture down");
  }
}

/// The largest block that unpacking a sound file takes: four channels of 16 bits, sides filled up
/// as JPEG's may be, and twice as much, as blocks grow; or the packed data of a PNG, which grow
/// too.
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
    // What stb_image says of a chunk that it cannot name may break off: a torn file has no name
    // there.
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
  check_size(path, width, height);  // all that follows relies on it
  picture.height = height;
  picture.width = width;
  return picture;
}

/// The picture's brightness (ITU-R BT.601), laid over `paper` where it is transparent.
[[nodiscard]] inline Grey brightness(const Picture& picture, int paper) {
  Grey grey(picture.height, picture.width);
  for (nn::Index i = 0; i < grey.size(); ++i) {
    const stbi_uc* pixel = picture.pixels.get() + 4 * i;
    const int light = (299 * pixel[0] + 587 * pixel[1] + 114 * pixel[2] + 500) / 1000;
    grey.data()[i] =
        static_cast<std::uint8_t>((light * pixel[3] + paper * (255 - pixel[3]) + 127) / 255);
  }
  return grey;
}

/// The picture's ink, shrunk to at most 1024 pixels a side. False where there is nothing but paper.
[[nodiscard]] inline bool find_ink(const Picture& picture, int paper, Ink& ink) {
  constexpr nn::Index working_side =
      1024;  // plenty for 20 pixels, and quick for any camera's picture
  const Box all{0, 0, picture.height, picture.width};
  const nn::Index longest = std::max(picture.height, picture.width);
  const nn::Index side = std::min(longest, working_side);
  ink = resize_by_area(brightness(picture, paper), all, scaled(picture.height, longest, side),
                       scaled(picture.width, longest, side));
  return separate_ink(ink);
}

}  // namespace detail

/// Reads a picture of one digit, dark on light or light on dark, anywhere in it and of any size,
/// and makes of it what the makers of MNIST would have: white ink on black, scaled into a 20x20 box
/// by area, in the middle of 28x28 by its centre of mass. Shape [1, 28, 28, 1] Takes PNG, JPEG and
/// BMP, grey or colour; transparent parts count as white paper, or as black if all is white. Throws
/// `IoError` for a file that is no such picture, a blank one, one of more than 64 megapixels or
/// 512 MiB, and where there is no memory for it.
[[nodiscard]] inline Images read_digit(const std::filesystem::path& path) try {
  const detail::Picture picture = detail::decode(path);
  Ink ink;
  if (!detail::find_ink(picture, 255, ink) && !detail::find_ink(picture, 0, ink)) {
    detail::refuse(path, "a digit", "a blank picture", "the ink must stand out from the paper");
  }
  const detail::Box box = detail::remove_specks(ink);
  const nn::Index longest = std::max(box.height(), box.width());
  Ink digit = detail::resize_by_area(ink, box, detail::scaled(box.height(), longest, digit_side),
                                     detail::scaled(box.width(), longest, digit_side));
  const float darkest = *std::max_element(digit.data(), digit.data() + digit.size());
  for (nn::Index i = 0; i < digit.size(); ++i)
    digit.data()[i] /= darkest;  // thin lines pale by area
  Images image(1, image_side, image_side, 1);
  centre_by_mass(digit, image.data());
  return image;
} catch (const std::bad_alloc&) {
  detail::refuse(path, "memory for the picture", "none");
}

}  // namespace mnist
