// SPDX-License-Identifier: MIT
// Segments of JPEGs made of numbers: where they are found, and which are refused.
#include "mnist/picture/jpeg.hpp"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

#include "tests/examples/mnist/files.hpp"

using mnist::detail::fault_of_jpeg;
using namespace mnist::testing;

namespace {

[[nodiscard]] Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// A segment of this marker, with its length.
[[nodiscard]] Bytes segment(std::uint8_t marker, const Bytes& content) {
  const std::size_t length = content.size() + 2;
  return join({{0xff, marker, std::uint8_t(length >> 8), std::uint8_t(length & 255)}, content});
}

/// A table of `first` + `second` codes, of 8 and 9 bits.
[[nodiscard]] Bytes table(std::uint8_t first, std::uint8_t second) {
  Bytes bytes(17);
  bytes[8] = first;
  bytes[9] = second;
  bytes.resize(17 + std::size_t{first} + second, 7);
  return bytes;
}

[[nodiscard]] bool is_sound(const Bytes& file) { return fault_of_jpeg(file) == nullptr; }

const Bytes start = {0xff, 0xd8};
const Bytes end = {0xff, 0xd9};
const Bytes scan = {0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0};
// A stuffed byte, a restart, a filled restart.
const Bytes data = {1, 0xff, 0, 2, 0xff, 0xd0, 3, 0xff, 0xff, 0xd7, 4};
const Bytes sound = table(200, 56);
const Bytes unsound = table(200, 57);

}  // namespace

TEST_SUITE("examples/mnist/jpeg") {
  TEST_CASE("JPEG: 256 codes are sound, in any number of tables and segments") {
    const Bytes tables = segment(0xc4, join({sound, sound}));
    CHECK(is_sound(join({start, tables, scan, data, tables, scan, data, end})));
    CHECK(is_sound(join({start, tables})));
  }

  TEST_CASE("JPEG: more than 256 codes are found wherever stb_image meets them") {
    const Bytes bad = segment(0xc4, unsound);
    const Bytes comment = segment(0xfe, {1, 2, 3});
    const Bytes files[] = {
        join({start, bad, end}),
        join({{0xff}, start, bad, end}),
        join({start, {0xff}, bad, end}),
        join({start, comment, bad, end}),
        join({start, comment, {0, 5}, bad, end}),
        join({start, segment(0xc4, join({sound, unsound})), end}),
        join({start, segment(0xc4, sound), scan, data, bad, end}),
        join({start, scan, data, segment(0xc4, sound), scan, data, bad, end}),
        join({start, {0xff, 0xc4, 0, 3}, unsound, end}),  // longer than its segment
        join({start, {0xff, 0xc4, 0, 40, 0, 255, 255}}),  // torn
    };
    for (const Bytes& file : files) {
      CAPTURE(&file - files);
      CHECK(std::string(fault_of_jpeg(file)) == "a Huffman table of more than 256 codes");
    }
  }

  TEST_CASE("JPEG: more than 32 scans are refused") {
    Bytes file = start;
    for (int i = 0; i < 32; ++i) file = join({file, scan, data});
    CHECK(is_sound(join({file, end})));
    CHECK(is_sound(join({file, segment(0xfe, scan), end, scan})));
    CHECK(std::string(fault_of_jpeg(join({file, scan, data, end}))) == "more than 32 scans");
  }

  TEST_CASE("JPEG: what only looks like a table does not count") {
    const Bytes bad = segment(0xc4, unsound);
    CHECK(is_sound(join({start, segment(0xe1, bad), end})));
    CHECK(is_sound(join({start, end, bad})));
    CHECK(is_sound(bad));  // no JPEG
    CHECK(is_sound({}));
    CHECK(is_sound({0xff}));
    CHECK(is_sound({0xff, 0xd8, 0xff, 0xc4}));
  }
}
