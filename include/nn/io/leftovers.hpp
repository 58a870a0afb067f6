// SPDX-License-Identifier: MIT
// Temporary files that killed processes left behind.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

#include "nn/io/file.hpp"

namespace nn::io {

/// Marks a file as being written by a living process, with a lock that ends with the process. On a
/// network file system other hosts see it too. A file system without locks leaves the file
/// unmarked.
inline void mark_as_written(const FileDescriptor& file) {
  (void)::flock(file.number(), LOCK_EX | LOCK_NB);
}

namespace detail {

/// The process in "PID-N.tmp"; -1 for another text.
[[nodiscard]] NN_COLD inline pid_t process_of(std::string_view text) {
  const char* const end = text.data() + text.size();
  pid_t process = -1;
  unsigned number = 0;
  const auto [dash, no_process] = std::from_chars(text.data(), end, process);
  if (no_process != std::errc{} || dash == end || *dash != '-') return -1;
  const auto [rest, no_number] = std::from_chars(dash + 1, end, number);
  const bool is_whole = no_number == std::errc{} &&
                        text.substr(static_cast<std::size_t>(rest - text.data())) == ".tmp";
  return is_whole && process > 0 ? process : -1;
}

/// Whether that process is gone. This one counts as gone too: its own files carry a mark.
[[nodiscard]] inline bool is_gone(pid_t process) {
  return process == ::getpid() || (::kill(process, 0) != 0 && errno == ESRCH);
}

}  // namespace detail

/// Removes the files `folder/stem` + "PID-N.tmp" of processes that are gone. A process on another
/// host or in another container only seems to be gone. So a file is removed only if it carries no
/// mark and was last written to at least a minute before `latest`, a new file in the same folder.
/// Allocates nothing itself; where a step fails, the rest stays.
NN_COLD inline void remove_leftovers(const char* folder, std::string_view stem,
                                     const FileDescriptor& latest) noexcept {
  constexpr time_t minute = 60;
  struct stat fresh {};
  if (::fstat(latest.number(), &fresh) != 0) return;
  DIR* const entries = ::opendir(folder);
  if (entries == nullptr) return;
  while (const dirent* const entry = ::readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(stem)) continue;
    const pid_t process = detail::process_of(name.substr(stem.size()));
    if (process < 0 || !detail::is_gone(process)) continue;
    const FileDescriptor old{
        ::openat(::dirfd(entries), entry->d_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    struct stat status {};
    if (!old.is_open() || ::flock(old.number(), LOCK_EX | LOCK_NB) != 0) continue;
    // Nobody else removes a marked file, so the name is still that of this file.
    if (::fstat(old.number(), &status) != 0 || status.st_nlink == 0) continue;
    if (!S_ISREG(status.st_mode) || status.st_mtime > fresh.st_mtime - minute) continue;
    (void)::unlinkat(::dirfd(entries), entry->d_name, 0);
  }
  ::closedir(entries);
}

}  // namespace nn::io
