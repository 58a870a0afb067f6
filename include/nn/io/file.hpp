// SPDX-License-Identifier: MIT
// Files of a POSIX system, and what the system says when something fails.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "nn/core/error.hpp"

namespace nn::io {

/// Throws `IoError`: `<path>: expected <rule>, got "No such file or directory"`.
[[noreturn]] NN_COLD inline void throw_system_error(const std::string& path, const Text& expected,
                                                    int error_number, const Text& remedy = {}) {
  const std::string reason = std::generic_category().message(error_number);
  refuse<IoError>(
      {.where = path, .expected = expected, .got = {'"', reason, '"'}, .remedy = remedy});
}

/// Returns the path. Throws `IoError` for an empty one, and for one with a NUL, where the system
/// would cut it off.
[[nodiscard]] NN_COLD inline const std::string& checked_path(const std::string& path) {
  demand<IoError>(!path.empty(), "file", "a path", "an empty one");
  demand<IoError>(path.find('\0') == std::string::npos, "file", "a path without NUL", path.c_str());
  return path;
}

/// Owns a file descriptor, which it closes in the end.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~FileDescriptor() {
    if (is_open()) (void)::close(number_);
  }

  [[nodiscard]] bool is_open() const { return number_ >= 0; }
  [[nodiscard]] int number() const { return number_; }

  /// Closes now. False, with `errno` set, if the system reports that a write was lost.
  [[nodiscard]] bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_ = -1;
};

/// What kind of file that is, in words, if it is not a regular one.
[[nodiscard]] NN_COLD inline std::string describe_file_kind(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

/// A regular file, read once from front to end.
class InputFile {
 public:
  /// Throws `IoError` where there is no such file, where it may not be read, and for a directory,
  /// pipe or device.
  NN_COLD explicit InputFile(const std::string& path)
      // O_NONBLOCK: to open a pipe would otherwise wait for its writer.
      : path_(checked_path(path)), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    struct stat status {};
    if (!file_.is_open() || ::fstat(file_.number(), &status) != 0) {
      throw_system_error(path, "a file that can be read", errno);
    }
    if (!S_ISREG(status.st_mode)) {
      refuse<IoError>({path, "a regular file", describe_file_kind(status.st_mode)});
    }
    size_ = static_cast<std::uint64_t>(status.st_size);
  }

  /// Bytes in the file when it was opened.
  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// Reads the next `size` bytes. Throws `IoError` where the file ends before them.
  NN_COLD void read(void* data, std::size_t size) {
    auto* const bytes = static_cast<char*>(data);
    for (std::size_t done = 0; done < size;) {
      const ssize_t count = ::read(file_.number(), bytes + done, size - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_system_error(path_, {"to read ", size, " bytes"}, errno);
      if (count == 0) fail_changed({size - done, " more bytes"}, "the end of the file");
      done += static_cast<std::size_t>(count);
    }
  }

  /// Checks that the file is at its end. Throws `IoError` if it has grown.
  void finish() {
    char byte = 0;
    if (::read(file_.number(), &byte, 1) > 0) fail_changed("the end of the file", "more bytes");
  }

 private:
  [[noreturn]] NN_COLD void fail_changed(const Text& expected, const Text& got) const {
    refuse<IoError>({.where = path_,
                     .expected = expected,
                     .got = got,
                     .remedy = "the file changed while it was read"});
  }

  std::string path_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
};

}  // namespace nn::io
