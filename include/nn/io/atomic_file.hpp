// SPDX-License-Identifier: MIT
// Files that are replaced whole: at any instant the old one or the new one, never half of one.
#pragma once

#include <cerrno>
#include <climits>
#include <cstdio>
#include <string>
#include <string_view>

#include "nn/io/file.hpp"
#include "nn/io/leftovers.hpp"

namespace nn::io {

/// Writes beside the target under another name; `commit` renames it over the target, once every
/// byte is on the disk. Without `commit` (an exception, a crash) the target stays as it was. A
/// target that is a symbolic link is followed; one that exists keeps its mode and, where allowed,
/// its owner. Writes are not buffered: hand over large pieces. Throws `IoError` with the system's
/// reason where any step fails: no such directory, no permission, disk full, a target that is not a
/// regular file. A killed process leaves its file `.NAME.PID-N.tmp` behind, which a later one that
/// writes the same target removes.
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
    // Renaming asks only for the folder's permission; a file protected from writing is left alone
    // too.
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

  /// Puts the file in place; nothing may be written after it. Once the file is there, nothing
  /// fails.
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

  /// The path behind symbolic links; the last one may lead to a file that does not exist yet.
  [[nodiscard]] NN_COLD static std::string follow_links(const std::string& path) {
    std::string target = path;
    char link[PATH_MAX];
    for (int count = 0; count < 40; ++count) {  // the limit that Linux sets itself
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

  /// Up to and with the last slash; empty for a bare name.
  [[nodiscard]] NN_COLD static std::string folder_of(const std::string& path) {
    return path.substr(0, path.rfind('/') + 1);
  }

  NN_COLD void create(mode_t mode) {
    // Cut, as a name may have 255 bytes and the target's may be that long already.
    const std::string stem = concat({".", target_.substr(folder_.size(), 200), "."});
    for (int attempt = 0; !file_.is_open(); ++attempt) {
      std::string name = concat({folder_, stem, ::getpid(), "-", attempt, ".tmp"});
      // The system takes the umask off the mode, and refuses names that exist.
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
      // Only root may give files away; for others the file becomes theirs, as any new file does.
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

  /// Makes the new name itself survive a power cut, where that can be done: the file is whole and
  /// in place all the same.
  NN_COLD void sync_folder() const noexcept {
    const FileDescriptor directory{::open(folder_name(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (directory.is_open()) (void)::fsync(directory.number());
  }
  [[nodiscard]] const char* folder_name() const { return folder_.empty() ? "." : folder_.c_str(); }

  std::string path_;       // as the caller named it, for messages
  std::string target_;     // behind links
  std::string folder_;     // the target's, with the last slash; empty for the current one
  std::string temporary_;  // empty when there is nothing to remove
  FileDescriptor file_;
};

/// Replaces the file at `path` by what `write_body(AtomicFile&)` writes; where anything throws, the
/// old one stays.
template <class WriteBody>
NN_COLD void write_atomically(const std::string& path, WriteBody&& write_body) {
  AtomicFile file(path);
  write_body(file);
  file.commit();
}

}  // namespace nn::io
