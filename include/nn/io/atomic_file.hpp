// SPDX-License-Identifier: MIT
// Files that are replaced as a whole: at any instant there is the old one or the new one, never a
// part.
#pragma once

#include <cerrno>
#include <climits>
#include <cstdio>
#include <string>
#include <string_view>

#include "nn/io/file.hpp"
#include "nn/io/leftovers.hpp"

namespace nn::io {

/// Writes a temporary file beside the target. `commit` renames it over the target, once every byte
/// is on the disk. Without `commit` (an exception, a crash) the target stays as it was. A symbolic
/// link as target is followed. An existing target keeps its mode and, where allowed, its owner.
/// Writes are not buffered: hand over large pieces. A killed process leaves its temporary file
/// behind, `.NAME.PID-N.tmp`; the next one that writes the same target removes it.
/// Throws `IoError` with the system's reason where a step fails: no such directory, no permission,
/// disk full, a target that is not a regular file.
class AtomicFile {
 public:
  NN_COLD explicit AtomicFile(const std::string& path)
      : path_(checked_path(path)), target_(follow_links(path)), folder_(folder_of(target_)) {
    struct stat old {};
    const bool replaces = ::stat(path.c_str(), &old) == 0;
    if (!replaces && errno != ENOENT) throw_system_error(path_, writable, errno);
    if (replaces && !S_ISREG(old.st_mode)) {
      refuse<IoError>({path_, "a regular file or a new name", describe_file_kind(old.st_mode)});
    }
    // To rename takes permission for the folder alone. A file that is protected from writing is not
    // replaced, though it could be.
    if (replaces && ::faccessat(AT_FDCWD, target_.c_str(), W_OK, AT_EACCESS) != 0) {
      throw_system_error(path_, writable, errno);
    }
    create(replaces ? old.st_mode & 0777 : 0666);
    if (replaces) take_over(old);
  }

  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  ~AtomicFile() {
    if (!temporary_.empty()) (void)::unlink(temporary_.c_str());
  }

  /// Appends `size` bytes.
  NN_COLD void write(const void* data, std::size_t size) {
    const auto* const bytes = static_cast<const char*>(data);
    for (std::size_t done = 0; done < size;) {
      const ssize_t count = ::write(file_.number(), bytes + done, size - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_system_error(path_, writable, errno, old_stays);
      if (count == 0) {
        refuse<IoError>(
            {.where = path_, .expected = writable, .got = "no byte written", .remedy = old_stays});
      }
      done += static_cast<std::size_t>(count);
    }
  }
  void write(std::string_view text) { write(text.data(), text.size()); }

  /// Puts the file in place; nothing may be written after it. If this throws, the target is as it
  /// was.
  NN_COLD void commit() {
    // A full disk may show itself only here, when the system really writes.
    if (::fsync(file_.number()) != 0 || !file_.close() ||
        std::rename(temporary_.c_str(), target_.c_str()) != 0) {
      throw_system_error(path_, writable, errno, old_stays);
    }
    temporary_.clear();
    sync_folder();
  }

 private:
  static constexpr const char* writable = "a file that can be written";
  static constexpr const char* old_stays = "no file was changed";

  /// The path that symbolic links lead to, where a file need not exist yet.
  [[nodiscard]] NN_COLD static std::string follow_links(const std::string& path) {
    std::string target = path;
    char link[PATH_MAX];
    for (int count = 0; count < 40; ++count) {  // the limit of Linux itself
      if (target.starts_with("/proc/") || target.starts_with("/dev/fd/")) {
        refuse<IoError>({path, "a file by its own name", "a link to an open one"});
      }
      const ssize_t length = ::readlink(target.c_str(), link, sizeof link);
      if (length < 0) return target;  // no link, or no such file
      const std::string_view next(link, static_cast<std::size_t>(length));
      target = next.starts_with('/') ? std::string{next} : folder_of(target).append(next);
    }
    throw_system_error(path, writable, ELOOP);
  }

  /// The path up to its last slash, which is included; empty for a bare name.
  [[nodiscard]] NN_COLD static std::string folder_of(const std::string& path) {
    return path.substr(0, path.rfind('/') + 1);
  }

  NN_COLD void create(mode_t mode) {
    // Cut to 200 bytes: the target may have a name of 255, the longest there is.
    const std::string stem = concat({".", target_.substr(folder_.size(), 200), "."});
    for (int attempt = 0; !file_.is_open(); ++attempt) {
      std::string name = concat({folder_, stem, ::getpid(), "-", attempt, ".tmp"});
      // O_EXCL: the system refuses a name that exists. It takes the umask off the mode.
      file_ = FileDescriptor{::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)};
      if (file_.is_open()) {
        temporary_ = std::move(name);
      } else if (errno != EEXIST || attempt == 9999) {
        throw_system_error(path_, writable, errno);
      }
    }
    mark_as_written(file_);
    remove_leftovers(folder_name(), stem, file_);
  }

  /// Gives the new file the owner and the mode of the old one.
  NN_COLD void take_over(const struct stat& old) {
    struct stat fresh {};
    bool done = ::fstat(file_.number(), &fresh) == 0;
    if (done && (fresh.st_uid != old.st_uid || fresh.st_gid != old.st_gid)) {
      // Only root may give files away. For others the new file stays theirs.
      [[maybe_unused]] const int given = ::fchown(file_.number(), old.st_uid, old.st_gid);
    }
    if (done && fresh.st_mode != old.st_mode) {
      done = ::fchmod(file_.number(), old.st_mode & 07777) == 0;
    }
    if (!done) {
      const int reason = errno;
      (void)::unlink(
          temporary_.c_str());  // the destructor does not run for a constructor that throws
      throw_system_error(path_, writable, reason);
    }
  }

  /// Makes the new name survive a power cut, where the system can. If it can't, the file is whole
  /// and in place all the same.
  NN_COLD void sync_folder() const noexcept {
    const FileDescriptor directory{::open(folder_name(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory.is_open()) (void)::fsync(directory.number());
  }
  [[nodiscard]] const char* folder_name() const { return folder_.empty() ? "." : folder_.c_str(); }

  std::string path_;       // as the caller gave it, for messages
  std::string target_;     // where its links lead
  std::string folder_;     // of the target, with the last slash; empty: the current one
  std::string temporary_;  // empty when there is nothing to remove
  FileDescriptor file_;
};

/// Replaces the file at `path` by what `write_body(AtomicFile&)` writes. If anything throws, the
/// old one stays.
template <class WriteBody>
NN_COLD void write_atomically(const std::string& path, WriteBody&& write_body) {
  AtomicFile file(path);
  write_body(file);
  file.commit();
}

}  // namespace nn::io
