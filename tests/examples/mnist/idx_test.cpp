// SPDX-License-Identifier: MIT
// IDX files: what is read, and a sentence for every kind of damage.
#include "mnist/idx.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "files.hpp"

using mnist::read_images;
using mnist::read_labels;
using namespace mnist::testing;

namespace {

[[nodiscard]] Bytes two_images() { return idx(2051, {2, 3, 2}, counting(12)); }

/// The sentence with which a file of images with these bytes is refused.
[[nodiscard]] std::string refusal(const Bytes& bytes) {
  const TemporaryFolder folder;
  write_file(folder / "images", bytes);
  return message_of<nn::IoError>([&] { (void)read_images(folder / "images"); });
}

}  // namespace

TEST_SUITE("examples/mnist/idx") {
  TEST_CASE("read_images: gives pixels in the order of the file, whatever the image size") {
    const TemporaryFolder folder;
    write_file(folder / "images", two_images());
    const mnist::Images images = read_images(folder / "images");
    CHECK(nn::shape_of(images) == nn::Shape{2, 3, 2, 1});
    CHECK(images(0, 0, 0, 0) == 0);
    CHECK(images(0, 2, 1, 0) == 5);
    CHECK(images(1, 0, 1, 0) == 7);
    CHECK(images(1, 2, 1, 0) == 11);
  }

  TEST_CASE("read_labels: gives the class numbers up to 255") {
    const TemporaryFolder folder;
    write_file(folder / "labels", idx(2049, {3}, {7, 0, 255}));
    const nn::Labels labels = read_labels(folder / "labels");
    REQUIRE(labels.size() == 3);
    CHECK(labels(0) == 7);
    CHECK(labels(1) == 0);
    CHECK(labels(2) == 255);
  }

  TEST_CASE("read_images: undoes gzip by the content, not by the name") {
    const TemporaryFolder folder;
    write_gzip(folder / "packed", two_images());
    write_file(folder / "plain.gz", two_images());
    CHECK(read_images(folder / "packed")(1, 2, 1, 0) == 11);
    CHECK(read_images(folder / "plain.gz")(1, 2, 1, 0) == 11);
  }

  TEST_CASE("read_images: reads data that spans many buffers") {
    const TemporaryFolder folder;
    write_gzip(folder / "images", idx(2051, {300, 28, 28}, counting(300 * 784)));
    const mnist::Images images = read_images(folder / "images");
    for (const nn::Index i :
         {nn::Index{0}, nn::Index{65519}, nn::Index{65520}, images.size() - 1}) {
      CAPTURE(i);
      CHECK(images.data()[i] == static_cast<std::uint8_t>(i));
    }
  }

  TEST_CASE("read_images: a label file is named as such, and the other way round") {
    const TemporaryFolder folder;
    write_file(folder / "train-images-idx3-ubyte", idx(2049, {1}, {0}));
    write_file(folder / "train-labels-idx1-ubyte", two_images());
    CHECK(message_of<nn::IoError>([&] { (void)read_images(folder / "train-images-idx3-ubyte"); }) ==
          "mnist: expected magic 2051, got 2049 (train-images-idx3-ubyte); this looks like a label "
          "file");
    CHECK(
        message_of<nn::IoError>([&] { (void)read_labels(folder / "train-labels-idx1-ubyte"); }) ==
        "mnist: expected magic 2049, got 2051 (train-labels-idx1-ubyte); this looks like an image "
        "file");
  }

  TEST_CASE("read_images: other magic numbers are refused with what they mean") {
    CHECK(refusal(idx(0x0D03, {1, 1, 1}, Bytes(4))) ==
          "mnist: expected magic 2051, got 3331 (images); only elements of type 8, unsigned bytes, "
          "are read, not type 13");
    CHECK(refusal(idx(0x0804, {1, 1, 1, 1}, Bytes(1))) ==
          "mnist: expected magic 2051, got 2052 (images); only rank 3 is read here, not rank 4");
    CHECK(refusal(idx(0x89504E47, {1, 1, 1}, Bytes(1))) ==
          "mnist: expected magic 2051, got 2303741511 (images); this is not an IDX file");
  }

  TEST_CASE("read_images: a header cut short is refused at every length") {
    for (std::size_t length = 0; length < 16; ++length) {
      CAPTURE(length);
      Bytes bytes = two_images();
      bytes.resize(length);
      CHECK(refusal(bytes) == "mnist: expected a header of 16 bytes, got " +
                                  std::to_string(length) + " (images); fetch the file again");
    }
  }

  TEST_CASE("read_images: data must be exactly as long as the header says") {
    Bytes bytes = two_images();
    bytes.pop_back();
    CHECK(refusal(bytes) ==
          "mnist: expected 12 bytes of data for [2, 3, 2], got 11 (images); fetch the file again");
    bytes = two_images();
    bytes.push_back(0);
    CHECK(
        refusal(bytes) ==
        "mnist: expected 12 bytes of data for [2, 3, 2], got more (images); fetch the file again");
  }

  TEST_CASE("read_images: sizes of 0 are refused") {
    CHECK(refusal(idx(2051, {0, 28, 28}, {})) ==
          "mnist: expected sizes of at least 1, got [0, 28, 28] (images)");
    CHECK(refusal(idx(2051, {2, 0, 28}, {})) ==
          "mnist: expected sizes of at least 1, got [2, 0, 28] (images)");
  }

  TEST_CASE("read_images: a header that announces more than there is allocates nothing") {
    // Were it believed, this would ask for 2^61 bytes, and std::bad_alloc would not be an IoError.
    CHECK(
        refusal(idx(2051, {0x40000000u, 0x40000000u, 2}, {1, 2, 3})) ==
        "mnist: expected 2305843009213693952 bytes of data for [1073741824, 1073741824, 2], got 3 "
        "(images); fetch the file again");
    CHECK(refusal(idx(2051, {0xFFFFFFFFu, 0xFFFFFFFFu, 0xFFFFFFFFu}, {1, 2, 3})) ==
          "mnist: expected sizes that a file can hold, got [4294967295, 4294967295, 4294967295] "
          "(images); the header is damaged");
  }

  TEST_CASE("read_images: a gzip file that unpacks to more than it announces is refused") {
    const TemporaryFolder folder;
    write_gzip(folder / "images", idx(2051, {1, 1, 1}, Bytes(std::size_t{32} << 20)));
    CHECK(message_of<nn::IoError>([&] { (void)read_images(folder / "images"); }) ==
          "mnist: expected 1 bytes of data for [1, 1, 1], got more (images); fetch the file again");
  }

  TEST_CASE("read_images, read_labels: a small gzip file that unpacks to very much is refused") {
    const TemporaryFolder folder;
    constexpr std::uint32_t count = 17u << 20;
    write_gzip(folder / "labels", idx(2049, {count}, Bytes(count)));
    const std::string bytes = std::to_string(std::filesystem::file_size(folder / "labels"));
    CHECK(
        message_of<nn::IoError>([&] { (void)read_labels(folder / "labels"); }) ==
        "mnist: expected at most 256 times as much data as the file has bytes, got 17825792 for " +
            bytes + " (labels)");
    write_gzip(folder / "images", idx(2051, {3, 1000, 5000}, Bytes(15'000'000)));
    CHECK(read_images(folder / "images").size() == 15'000'000);  // no more than any file may hold
  }

  TEST_CASE("read_images: a torn gzip file is refused at every length") {
    const TemporaryFolder folder;
    write_gzip(folder / "images", two_images());
    const Bytes whole = read_file(folder / "images");
    for (std::size_t length = 1; length < whole.size(); ++length) {
      CAPTURE(length);
      write_file(folder / "images",
                 Bytes(whole.begin(), whole.begin() + static_cast<long>(length)));
      CHECK_THROWS_AS((void)read_images(folder / "images"), nn::IoError);
    }
    write_file(folder / "images", Bytes(whole.begin(), whole.end() - 9));
    CHECK(
        message_of<nn::IoError>([&] { (void)read_images(folder / "images"); }) ==
        "mnist: expected a whole gzip file, got one that ends too early (images); fetch it again");
  }

  TEST_CASE("read_images: any flipped byte of a gzip file's data or checksum is noticed") {
    const TemporaryFolder folder;
    write_gzip(folder / "images", two_images());
    const Bytes whole = read_file(folder / "images");
    for (std::size_t at = 10; at < whole.size();
         ++at) {  // the first ten bytes are gzip's own header
      CAPTURE(at);
      Bytes damaged = whole;
      damaged[at] ^= 0x55;
      write_file(folder / "images", damaged);
      CHECK_THROWS_AS((void)read_images(folder / "images"), nn::IoError);
    }
    Bytes damaged = whole;
    damaged[whole.size() - 6] ^= 0x55;
    write_file(folder / "images", damaged);
    CHECK(message_of<nn::IoError>([&] { (void)read_images(folder / "images"); }) ==
          "mnist: expected a sound gzip file, got incorrect data check (images); fetch it again");
  }

  TEST_CASE("read_images: what cannot be opened is refused with the system's reason") {
    const TemporaryFolder folder;
    CHECK(message_of<nn::IoError>([&] { (void)read_images(folder / "absent"); }) ==
          "mnist: expected a readable file, got No such file or directory (absent)");
    std::filesystem::create_directory(folder / "images");
    CHECK(message_of<nn::IoError>([&] { (void)read_images(folder / "images"); }) ==
          "mnist: expected a file, got a folder (images)");
  }

  TEST_CASE("read_images: a pipe is refused at once") {
    const TemporaryFolder folder;
    REQUIRE(mkfifo((folder / "images").c_str(), 0600) == 0);
    CHECK(message_of<nn::IoError>([&] { (void)read_images(folder / "images"); }) ==
          "mnist: expected a regular file, got a pipe or a device (images)");
  }
}
