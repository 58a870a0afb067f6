// SPDX-License-Identifier: MIT
// Pictures that are damaged, or made to do damage: a sentence for each, never a crash.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>

#include "mnist/digit_image.hpp"
#include "mnist/picture/decode.hpp"
#include "tests/examples/mnist/files.hpp"
#include "tests/examples/mnist/picture/pictures.hpp"

using namespace mnist::testing;

namespace {

[[nodiscard]] std::string refusal(const std::filesystem::path& path) {
  return message_of<nn::IoError>([&] { (void)mnist::read_digits(path); });
}

}  // namespace

TEST_SUITE("examples/mnist/damaged pictures") {
  TEST_CASE("read_digits: a picture torn anywhere gives a sentence or a picture, never a crash") {
    const TemporaryFolder folder;
    Canvas canvas(40, 40, 255, 3);
    canvas.letter(4, 8, 32, 0);
    for (const char* name : {"digit.png", "digit.bmp", "digit.jpg"}) {
      CAPTURE(name);
      const auto path = (folder / name).string();
      REQUIRE(stbi_write_png((folder / "digit.png").c_str(), 40, 40, 3, canvas.bytes.data(), 0) !=
              0);
      REQUIRE(stbi_write_bmp((folder / "digit.bmp").c_str(), 40, 40, 3, canvas.bytes.data()) != 0);
      REQUIRE(stbi_write_jpg((folder / "digit.jpg").c_str(), 40, 40, 3, canvas.bytes.data(), 90) !=
              0);
      const Bytes whole = read_file(path);
      const std::size_t step = whole.size() / 40 + 1;
      for (std::size_t length = 0; length < whole.size(); length += step) {
        CAPTURE(length);
        write_file(path, Bytes(whole.begin(), whole.begin() + static_cast<long>(length)));
        const std::string sentence = refusal(path);
        CAPTURE(sentence);
        CHECK((sentence.empty() || sentence.find("read_digits: expected a ") == 0));
      }
    }
  }

  TEST_CASE("read_digits: a header that announces too many pixels is refused before unpacking") {
    const TemporaryFolder folder;
    const auto path = (folder / "bomb.png").string();
    write_png(path, Canvas(8, 8, 255));
    Bytes bytes = read_file(path);
    const Bytes sizes = {0, 0, 0x40, 0, 0, 0, 0x40, 0};  // 16384 x 16384
    std::copy(sizes.begin(), sizes.end(), bytes.begin() + 16);
    write_file(path, bytes);
    CHECK(refusal(path) == "read_digits: expected at most 64 megapixels, got 16384x16384 (" + path +
                               "); scale the picture down");
  }

  TEST_CASE("read_digits: a header that announces more than the file has room for is refused") {
    const TemporaryFolder folder;
    const auto path = (folder / "bomb").string();
    const Canvas canvas(8, 8, 255, 3);
    const auto refusal_of = [&](const Bytes& bytes) {
      write_file(path, bytes);
      return refusal(path);
    };
    const auto sentence = [&](const Bytes& bytes) {
      return "read_digits: expected a file with room for 8192x8192 pixels, got " +
             std::to_string(bytes.size()) + " bytes (" + path + "); it is torn or damaged";
    };
    write_png(path, canvas);
    Bytes png = read_file(path);
    const Bytes side = {0, 0, 0x20, 0};  // 8192
    for (const long place : {16, 20}) std::copy(side.begin(), side.end(), png.begin() + place);
    CHECK(refusal_of(png) == sentence(png));
    REQUIRE(stbi_write_bmp(path.c_str(), 8, 8, 3, canvas.bytes.data()) != 0);
    Bytes bmp = read_file(path);
    for (const std::size_t place : {18u, 22u}) bmp[place] = 0, bmp[place + 1] = 0x20;
    CHECK(refusal_of(bmp) == sentence(bmp));
    REQUIRE(stbi_write_jpg(path.c_str(), 8, 8, 3, canvas.bytes.data(), 90) != 0);
    Bytes jpeg = read_file(path);
    const Bytes frame = {0xff, 0xc0};  // its segment: length, bits, height, width
    const auto begin = std::search(jpeg.begin(), jpeg.end(), frame.begin(), frame.end());
    REQUIRE(begin != jpeg.end());
    for (const long place : {5, 7}) std::copy(side.begin() + 2, side.end(), begin + place);
    CHECK(refusal_of(jpeg) == sentence(jpeg));
  }

  TEST_CASE("read_digits: large pictures that pack well are read") {
    const TemporaryFolder folder;
    write_packed_png(folder / "digit.png", 4000, 4000 / 8 + 1, [](Bytes& line, int y) {
      std::fill(line.begin() + 1, line.end(), std::uint8_t{255});
      if (y > 1000 && y < 3000) std::fill(line.begin() + 240, line.begin() + 260, std::uint8_t{0});
    });
    CHECK(std::filesystem::file_size(folder / "digit.png") < 10'000);
    CHECK(refusal(folder / "digit.png") == "");
  }

  TEST_CASE("read_digits: a PNG that unpacks to more than its pixels is refused") {
    const TemporaryFolder folder;
    const auto path = (folder / "bomb.png").string();
    write_packed_png(path, 8, 1 << 20, [](Bytes&, int) {});
    CHECK(refusal(path) ==
          "read_digits: expected a sound picture, got one that unpacks to more than its pixels (" +
              path + ")");
  }

  TEST_CASE("read_digits: a picture that takes more than 512 MiB unpacked is refused") {
    const TemporaryFolder folder;
    const auto path = (folder / "large.png").string();
    write_png(path, Canvas(8, 8, 255));
    Bytes bytes = read_file(path);
    const Bytes header = {0, 0, 0x20, 0, 0, 0, 0x20, 0, 16, 6};  // 8192 x 8192, 4 x 16 bits
    std::copy(header.begin(), header.end(), bytes.begin() + 16);
    Bytes text = {0, 0x0a, 0, 0, 't', 'E', 'X', 't'};  // of 640 KB: room for so many pixels
    text.resize(12 + 0x0a0000, ' ');
    bytes.insert(bytes.begin() + 33, text.begin(), text.end());
    write_file(path, bytes);
    CHECK(refusal(path) == "read_digits: expected at most 512 MiB, unpacked, got more (" + path +
                               "); scale the picture down");
  }

  TEST_CASE("read_digits: a PNG whose chunk is longer than the file is refused") {
    const TemporaryFolder folder;
    const auto path = (folder / "bomb.png").string();
    write_png(path, Canvas(8, 8, 255));
    Bytes bytes = read_file(path);
    REQUIRE(bytes[37] == 'I');  // the second chunk, behind its length
    bytes[33] = 0x1f;           // 512 MB
    write_file(path, bytes);
    CHECK(refusal(path) ==
          "read_digits: expected a whole PNG picture, got one that ends too early (" + path + ")");
  }

  TEST_CASE("read_digits: a JPEG that repeats its scan is refused") {
    const TemporaryFolder folder;
    const auto path = (folder / "bomb.jpg").string();
    const Canvas canvas(16, 16, 255, 3);
    REQUIRE(stbi_write_jpg(path.c_str(), 16, 16, 3, canvas.bytes.data(), 90) != 0);
    Bytes bytes = read_file(path);
    const Bytes marker = {0xff, 0xda};
    const auto begin = std::search(bytes.begin(), bytes.end(), marker.begin(), marker.end());
    const Bytes scan(begin, bytes.end() - 2);
    for (int i = 0; i < 32; ++i) bytes.insert(bytes.end() - 2, scan.begin(), scan.end());
    write_file(path, bytes);
    CHECK(refusal(path) ==
          "read_digits: expected a sound JPEG picture, got more than 32 scans (" + path + ")");
  }

  TEST_CASE("read_digits: a picture without pixels is refused") {
    const TemporaryFolder folder;
    const auto path = (folder / "empty.bmp").string();
    for (const auto& size : {std::pair{0, 0}, {0, 5}, {5, 0}}) {
      const int width = size.first, height = size.second;
      CAPTURE(width);
      CAPTURE(height);
      Canvas canvas(8, 8, 255, 3);
      REQUIRE(stbi_write_bmp(path.c_str(), 8, 8, 3, canvas.bytes.data()) != 0);
      Bytes bytes = read_file(path);
      bytes[18] = static_cast<std::uint8_t>(width);
      bytes[22] = static_cast<std::uint8_t>(height);
      write_file(path, bytes);
      CHECK(refusal(path) == "read_digits: expected at least one pixel, got " +
                                 std::to_string(width) + "x" + std::to_string(height) + " (" +
                                 path + ")");
    }
  }

  TEST_CASE("read_digits: a JPEG whose Huffman table has more than 256 codes is refused") {
    const TemporaryFolder folder;
    const auto path = (folder / "digit.jpg").string();
    const Canvas canvas(16, 16, 255, 3);
    REQUIRE(stbi_write_jpg(path.c_str(), 16, 16, 3, canvas.bytes.data(), 90) != 0);
    Bytes bytes = read_file(path);
    Bytes table = {0xff, 0xc4, 0x10, 0x03, 0x00};  // 16 x 255 codes
    table.insert(table.end(), 16, 255);
    table.insert(table.end(), 16 * 255, 1);
    bytes.insert(bytes.begin() + 2, table.begin(), table.end());
    write_file(path, bytes);
    CHECK(refusal(path) ==
          "read_digits: expected a sound JPEG picture, got a Huffman table of more than 256 codes "
          "(" +
              path + ")");
  }

  TEST_CASE("read_digits: a JPEG that uses tables which it never defines is no crash") {
    const TemporaryFolder folder;
    const auto path = (folder / "digit.jpg").string();
    const Canvas canvas(16, 16, 255, 3);
    REQUIRE(stbi_write_jpg(path.c_str(), 16, 16, 3, canvas.bytes.data(), 90) != 0);
    Bytes bytes = read_file(path);
    const Bytes tables = {0xff, 0xc4};
    const auto begin = std::search(bytes.begin(), bytes.end(), tables.begin(), tables.end());
    REQUIRE(begin != bytes.end());
    begin[1] = 0xfe;  // now a comment
    write_file(path, bytes);
    CHECK(refusal(path).find("read_digits: expected a ") == 0);
  }

  TEST_CASE("read_digits: a picture with wrong bits gives a sentence or a picture, never a crash") {
    const TemporaryFolder folder;
    const auto path = (folder / "digit").string();
    Canvas canvas(16, 16, 255, 3);
    canvas.letter(2, 4, 12, 0);
    using Write = int (*)(const char*, const Canvas&);
    for (const Write write : {Write{[](const char*name, const Canvas&c) {
                                return stbi_write_png(name, c.width, c.height, 3, &c.bytes[0], 0);
                              }},
                              Write{[](const char*name, const Canvas&c) {
                                return stbi_write_bmp(name, c.width, c.height, 3, &c.bytes[0]);
                              }},
                              Write{[](const char*name, const Canvas&c) {
                                return stbi_write_jpg(name, c.width, c.height, 3, &c.bytes[0], 50);
                              }}}) {
      REQUIRE(write(path.c_str(), canvas) != 0);
      const Bytes whole = read_file(path);
      // Of the bytes behind a BMP's header, which are pixels, one is like the other.
      const std::size_t pixels = whole[0] == 'B' ? 54 : whole.size();
      for (std::size_t place = 0; place < whole.size(); place += place < pixels ? 1 : 16) {
        for (const int flipped : {0x01, 0x80, 0xff}) {
          CAPTURE(place);
          CAPTURE(flipped);
          Bytes bytes = whole;
          bytes[place] = static_cast<std::uint8_t>(bytes[place] ^ flipped);
          std::filesystem::remove(path);  // some file systems wait for the disk to empty a file
          write_file(path, bytes);
          // Only the decoder sees the file. Looking for digits takes longer: once for a byte.
          const std::string sentence = message_of<nn::IoError>([&] {
            if (flipped == 0xff) {
              (void)mnist::read_digits(path);
            } else {
              (void)mnist::detail::decode(path);
            }
          });
          CAPTURE(sentence);
          CHECK((sentence.empty() || sentence.find("read_digits: expected a") == 0));
        }
      }
    }
  }
}
