// SPDX-License-Identifier: MIT
// Orientations in Exif data made of numbers, sound and damaged.
#include "mnist/picture/exif.hpp"

#include <doctest/doctest.h>

#include "tests/examples/mnist/files.hpp"

using mnist::detail::orientation_of;
using namespace mnist::testing;

namespace {

/// A JPEG whose second segment is of Exif, with one entry in front of the orientation.
[[nodiscard]] Bytes jpeg_of(std::uint8_t orientation, bool is_little) {
  Bytes exif = {'E', 'x', 'i', 'f', 0, 0};
  const auto append = [&](std::initializer_list<std::uint8_t> big) {
    if (is_little) {
      exif.insert(exif.end(), std::rbegin(big), std::rend(big));
    } else {
      exif.insert(exif.end(), big);
    }
  };
  exif.insert(exif.end(), 2, is_little ? 'I' : 'M');
  append({0, 42}), append({0, 0, 0, 8});                                             // the list
  append({0, 2});                                                                    // entries
  append({0x01, 0x0f}), append({0, 2}), append({0, 0, 0, 1}), append({0, 0, 0, 0});  // the maker
  append({0x01, 0x12}), append({0, 3}), append({0, 0, 0, 1}), append({0, orientation}),
      append({0, 0});
  Bytes file = {0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 1, 0xff, 0xe1, 0};
  file.push_back(static_cast<std::uint8_t>(exif.size() + 2));
  file.insert(file.end(), exif.begin(), exif.end());
  file.insert(file.end(), {0xff, 0xda, 0, 2});
  return file;
}

constexpr std::size_t entries = 12 + 6 + 8;  // the place of their number in the file

}  // namespace

TEST_SUITE("examples/mnist/exif") {
  TEST_CASE("Exif: the orientation is found in both orders of bytes") {
    for (const bool is_little : {false, true}) {
      CAPTURE(is_little);
      for (std::uint8_t orientation = 1; orientation <= 8; ++orientation) {
        CHECK(orientation_of(jpeg_of(orientation, is_little)) == orientation);
      }
    }
  }

  TEST_CASE("Exif: what is no orientation leaves the picture as it is") {
    CHECK(orientation_of(jpeg_of(0, false)) == 1);
    CHECK(orientation_of(jpeg_of(9, true)) == 1);
    CHECK(orientation_of({}) == 1);
    CHECK(orientation_of({0x89, 'P', 'N', 'G'}) == 1);
    Bytes of_other_type = jpeg_of(6, false);
    of_other_type[entries + 2 + 12 + 3] = 4;
    CHECK(orientation_of(of_other_type) == 1);
    Bytes behind_scan = jpeg_of(6, false);
    behind_scan[3] = 0xda;
    CHECK(orientation_of(behind_scan) == 1);
  }

  TEST_CASE("Exif: torn data and places beyond the end are upright, never read") {
    for (const bool is_little : {false, true}) {
      const Bytes whole = jpeg_of(6, is_little);
      for (std::size_t size = 0; size + 4 < whole.size(); ++size) {
        CAPTURE(size);
        CHECK(orientation_of(Bytes(whole.begin(), whole.begin() + static_cast<long>(size))) == 1);
      }
      for (std::size_t place = 0; place < whole.size(); ++place) {
        CAPTURE(place);
        for (const int flipped : {0x01, 0x80, 0xff}) {
          Bytes bytes = whole;
          bytes[place] = static_cast<std::uint8_t>(bytes[place] ^ flipped);
          const int orientation = orientation_of(bytes);
          CHECK((orientation >= 1 && orientation <= 8));
        }
      }
    }
  }
}
