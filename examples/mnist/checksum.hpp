// SPDX-License-Identifier: MIT
// Checksums, which tell data sets apart whatever folder they are in.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "mnist/idx.hpp"
#include "nn/core/shape.hpp"

namespace mnist {

namespace detail {

/// CRC-32 in hexadecimal of the unpacked IDX file that holds `data`; for a packed file `gzip -lv`
/// shows the same.
[[nodiscard]] inline std::string crc32_of_file(nn::Index magic, const nn::Shape& sizes,
                                               const std::uint8_t* data) {
  std::vector<std::uint8_t> header;
  const auto append = [&](nn::Index word) {
    for (const int shift : {24, 16, 8, 0}) {
      header.push_back(static_cast<std::uint8_t>(word >> shift & 255));
    }
  };
  append(magic);
  for (const nn::Index size : sizes) append(size);
  uLong sum = crc32_z(0, header.data(), header.size());
  sum = crc32_z(sum, data, static_cast<std::size_t>(sizes.num_elements()));
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08lx", sum);
  return digits;
}

}  // namespace detail

/// Of images and their labels, eight hexadecimal digits each.
struct Checksums {
  std::string images;
  std::string labels;

  friend bool operator==(const Checksums&, const Checksums&) = default;
};

[[nodiscard]] inline Checksums checksums_of(const Images& images, const nn::Labels& labels) {
  const std::vector<std::uint8_t> classes(labels.data(), labels.data() + labels.size());
  const nn::Shape sizes{images.dimension(0), images.dimension(1), images.dimension(2)};
  return {detail::crc32_of_file(detail::image_magic, sizes, images.data()),
          detail::crc32_of_file(detail::label_magic, {labels.size()}, classes.data())};
}

}  // namespace mnist
