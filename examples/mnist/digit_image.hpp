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
#include <string>
#include <system_error>
#include <vector>

#include "mnist/centre.hpp"
#include "mnist/idx.hpp"
#include "mnist/ink.hpp"
#include "mnist/jpeg.hpp"
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
[[nodiscard]] inline std::vector<stbi_uc> read_whole(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) refuse(path, "a picture", "a folder");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) refuse(path, "a readable picture", std::strerror(errno));
  std::vector<stbi_uc> bytes;
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

[[nodiscard]] inline Picture decode(const std::filesystem::path& path) {
  const std::vector<stbi_uc> bytes = read_whole(path);
  if (!HuffmanTables::are_sound(bytes)) {
    refuse(path, "a sound JPEG picture", "a Huffman table of more than 256 codes");
  }
  int width = 0;
  int height = 0;
  int channels = 0;
  const auto fail = [&] {
    // What stb_image says of a chunk that it cannot name may break off: a torn file has no name
    // there.
    const std::string reason = stbi_failure_reason();
    refuse(path, "a PNG, JPEG or BMP picture",
           reason.size() < 5 ? "a damaged file" : '"' + reason + '"');
  };
  const int length = static_cast<int>(bytes.size());
  if (stbi_info_from_memory(bytes.data(), length, &width, &height, &channels) == 0) fail();
  check_size(path, width, height);  // before anything is unpacked
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
/// `IoError` for a file that is no such picture, a blank one, or one of more than 64 megapixels or
/// 512 MiB.
[[nodiscard]] inline Images read_digit(const std::filesystem::path& path) {
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
}

}  // namespace mnist
