// SPDX-License-Identifier: MIT
// What the example's tests share: a folder that goes away, and IDX files made of numbers.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

#include "nn/core/tensor.hpp"

namespace mnist::testing {

using Bytes = std::vector<std::uint8_t>;

/// A new empty folder, removed with its content at the end of the scope.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "nn_mnist_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

inline void write_file(const std::filesystem::path& path, const Bytes& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

[[nodiscard]] inline Bytes read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return Bytes(text.begin(), text.end());
}

inline void write_gzip(const std::filesystem::path& path, const Bytes& bytes) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}

[[nodiscard]] inline Bytes big_endian(std::uint32_t word) {
  Bytes bytes;
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(word >> shift));
  return bytes;
}

/// An IDX file: magic number, sizes, data.
[[nodiscard]] inline Bytes idx(std::uint32_t magic, std::initializer_list<std::uint32_t> sizes,
                               const Bytes& data) {
  Bytes bytes;
  const auto append = [&](std::uint32_t word) {
    const Bytes more = big_endian(word);
    bytes.insert(bytes.end(), more.begin(), more.end());
  };
  append(magic);
  for (const std::uint32_t size : sizes) append(size);
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

[[nodiscard]] inline Bytes counting(std::size_t size) {
  Bytes data(size);
  for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>(i);
  return data;
}

/// The message of the exception that `action` throws; empty if it throws none.
template <class Error, class Action>
[[nodiscard]] std::string message_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace mnist::testing
