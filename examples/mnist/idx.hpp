// SPDX-License-Identifier: MIT
// IDX files, plain or gzip: the format of MNIST and its relatives.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "nn/core/error.hpp"
#include "nn/core/tensor.hpp"

namespace mnist {

/// One byte for each pixel; 0 is the background. Shape [N, H, W, 1]
using Images = nn::Tensor<std::uint8_t, 4>;

namespace detail {

/// Reads a file from front to end, and unpacks it if it is a gzip file.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) : name_(path.filename().string()) {
    std::error_code unreadable;  // to open it will fail with the reason
    const auto status = std::filesystem::status(path, unreadable);
    if (std::filesystem::is_directory(status)) fail("a file", "a folder");
    // No pipes: to open one would wait for its writer, and it can't be read from the front again.
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
      fail("a regular file", "a pipe or a device");
    }
    errno = 0;
    file_.reset(gzopen(path.c_str(), "rb"));
    if (!file_) fail("a readable file", errno == 0 ? "no memory" : std::strerror(errno));
    gzbuffer(file_.get(), 1u << 16);
    file_size_ = static_cast<nn::Index>(std::filesystem::file_size(path, unreadable));
  }

  /// Size of the file on the disk, packed or not.
  [[nodiscard]] nn::Index file_size() const { return file_size_; }

  /// Reads up to `size` bytes and returns how many there were. Throws `IoError` for a torn gzip
  /// file.
  [[nodiscard]] nn::Index read(std::uint8_t* bytes, nn::Index size) {
    nn::Index done = 0;
    while (done < size) {
      const nn::Index step = std::min(size - done, nn::Index{1} << 30);  // gzread counts in int
      const int got = gzread(file_.get(), bytes + done, static_cast<unsigned>(step));
      int code = Z_OK;
      const char* reason = gzerror(file_.get(), &code);
      if (got < 0 || code == Z_BUF_ERROR) fail_reading(code, reason);
      if (got == 0) break;
      done += got;
    }
    return done;
  }

  /// Number of bytes up to the end, read through a small buffer; stops counting beyond `limit`.
  [[nodiscard]] nn::Index count_rest(nn::Index limit) {
    std::vector<std::uint8_t> buffer(std::size_t{1} << 16);
    nn::Index total = 0;
    while (total <= limit) {
      const nn::Index got = read(buffer.data(), static_cast<nn::Index>(buffer.size()));
      if (got == 0) break;
      total += got;
    }
    return total;
  }

  /// Moves to `offset` bytes from the front.
  void rewind(nn::Index offset) { gzseek(file_.get(), static_cast<z_off_t>(offset), SEEK_SET); }

  [[noreturn]] void fail(const std::string& expected, const std::string& got,
                         const std::string& remedy = {}) const {
    throw nn::IoError{nn::sentence({"mnist", expected, got, name_, remedy})};
  }

 private:
  [[noreturn]] void fail_reading(int code, const char* reason) const {
    if (code == Z_ERRNO) fail("a readable file", std::strerror(errno));
    if (code == Z_BUF_ERROR) fail("a whole gzip file", "one that ends too early", "fetch it again");
    const std::string text = reason;  // "<path>: <reason>"
    const std::size_t colon = text.rfind(": ");
    fail("a sound gzip file", colon == std::string::npos ? text : text.substr(colon + 2),
         "fetch it again");
  }

  struct Close {
    void operator()(gzFile file) const { gzclose(file); }
  };
  std::string name_;
  std::unique_ptr<gzFile_s, Close> file_;
  nn::Index file_size_ = 0;
};

[[nodiscard]] inline nn::Index big_endian(const std::uint8_t* bytes) {
  nn::Index value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | bytes[i];
  return value;
}

inline constexpr nn::Index label_magic = 2049;  // two zero bytes, type 8 (unsigned byte), rank 1
inline constexpr nn::Index image_magic = 2051;  // two zero bytes, type 8 (unsigned byte), rank 3

inline void check_magic(const Reader& reader, nn::Index magic, nn::Index expected) {
  if (magic == expected) return;
  std::string remedy;
  if (magic == label_magic) {
    remedy = "this looks like a label file";
  } else if (magic == image_magic) {
    remedy = "this looks like an image file";
  } else if (magic >> 16 != 0) {
    remedy = "this is not an IDX file";
  } else if (magic >> 8 != 8) {
    remedy =
        "only elements of type 8, unsigned bytes, are read, not type " + std::to_string(magic >> 8);
  } else {
    remedy = "only rank " + std::to_string(expected & 255) + " is read here, not rank " +
             std::to_string(magic & 255);
  }
  reader.fail("magic " + std::to_string(expected), std::to_string(magic), remedy);
}

/// Reads the header up to the data. Returns the sizes of the axes, each at least 1.
[[nodiscard]] inline nn::Shape read_header(Reader& reader, nn::Index magic) {
  const nn::Index rank = magic & 255;
  std::array<std::uint8_t, 16> header{};
  const nn::Index length = 4 + 4 * rank;
  const nn::Index got = reader.read(header.data(), length);
  if (got >= 4) check_magic(reader, big_endian(header.data()), magic);
  if (got < length) {
    reader.fail("a header of " + std::to_string(length) + " bytes", std::to_string(got),
                "fetch the file again");
  }
  nn::Shape shape;
  for (nn::Index axis = 0; axis < rank; ++axis)
    shape.push_back(big_endian(&header[4 + 4 * static_cast<std::size_t>(axis)]));
  return shape;
}

/// The most data that is accepted from a file of this size. Gzip can pack a thousand bytes into
/// one, but not data that anything can be learned from.
[[nodiscard]] inline nn::Index most_data(nn::Index file_size) {
  constexpr nn::Index always = nn::Index{16} << 20;
  return std::max(always, 256 * file_size);
}

/// Checks that the file holds exactly what its header announces, and no more than its size allows,
/// before that much is allocated. So a gzip file is read twice, as its length is known only at its
/// end.
inline void check_length(Reader& reader, const nn::Shape& shape) {
  nn::Index size = 1;
  for (const nn::Index length : shape) {
    if (length == 0) reader.fail("sizes of at least 1", shape.to_string());
    if (size > std::numeric_limits<nn::Index>::max() / 2 / length) {
      reader.fail("sizes that a file can hold", shape.to_string(), "the header is damaged");
    }
    size *= length;
  }
  const nn::Index most = most_data(reader.file_size());
  const nn::Index present = reader.count_rest(std::min(size, most));
  if (present > most) {
    reader.fail("at most 256 times as much data as the file has bytes",
                std::to_string(size) + " for " + std::to_string(reader.file_size()));
  }
  if (present == size) return;
  reader.fail(std::to_string(size) + " bytes of data for " + shape.to_string(),
              present > size ? "more" : std::to_string(present), "fetch the file again");
}

/// Reads the data after the header of a file whose length is checked.
inline void read_data(Reader& reader, nn::Index rank, std::uint8_t* data, nn::Index size) {
  reader.rewind(4 + 4 * rank);
  const nn::Index got = reader.read(data, size);
  if (got != size) reader.fail("a file that stays as it is", "a shorter one than a moment ago");
}

}  // namespace detail

/// Reads a file of grey images of any size. Shape [N, H, W, 1]
/// Throws `IoError` for a file that cannot be opened, is not one of images, or is torn or too long.
[[nodiscard]] inline Images read_images(const std::filesystem::path& path) {
  detail::Reader reader(path);
  const nn::Shape shape = detail::read_header(reader, detail::image_magic);
  detail::check_length(reader, shape);
  Images images(shape[0], shape[1], shape[2], 1);
  detail::read_data(reader, shape.rank(), images.data(), images.size());
  return images;
}

/// Reads a file of class numbers, 0 to 255. Shape [N]
/// Throws `IoError` for a file that cannot be opened, is not one of labels, or is torn or too long.
[[nodiscard]] inline nn::Labels read_labels(const std::filesystem::path& path) {
  detail::Reader reader(path);
  const nn::Shape shape = detail::read_header(reader, detail::label_magic);
  detail::check_length(reader, shape);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(shape[0]));
  detail::read_data(reader, shape.rank(), bytes.data(), shape[0]);
  nn::Labels labels(shape[0]);
  std::copy(bytes.begin(), bytes.end(), labels.data());
  return labels;
}

}  // namespace mnist
