// SPDX-License-Identifier: MIT
// Files that grow line by line while a program runs.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>

#include "nn/io/file.hpp"

namespace nn::io {

/// A file by its path that is opened for each piece that is appended: what was appended is there
/// for others at once, whatever becomes of the program, and copies may go on with the same file.
/// All throw `IoError` with the system's reason where a step fails.
class AppendedFile {
 public:
  NN_COLD explicit AppendedFile(const std::string& path) : path_(checked_path(path)) {}

  [[nodiscard]] const std::string& path() const { return path_; }

  /// Makes an empty file, in place of an older one.
  NN_COLD void clear() const { static_cast<void>(open(O_TRUNC)); }

  NN_COLD void append(std::string_view text) const {
    FileDescriptor file = open(O_APPEND);
    while (!text.empty()) {
      const ssize_t count = ::write(file.number(), text.data(), text.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) throw_system_error(path_, writable, count < 0 ? errno : ENOSPC);
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    if (!file.close()) throw_system_error(path_, writable, errno);
  }

 private:
  static constexpr const char* writable = "a file that can be written";

  [[nodiscard]] NN_COLD FileDescriptor open(int how) const {
    FileDescriptor file{::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | how, 0666)};
    if (!file.is_open()) throw_system_error(path_, writable, errno);
    return file;
  }

  std::string path_;
};

}  // namespace nn::io
