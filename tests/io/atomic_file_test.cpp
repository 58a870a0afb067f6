// SPDX-License-Identifier: MIT
#include "nn/io/atomic_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__linux__)
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/io/temporary_folder.hpp"
#include "tests/testing/allocations.hpp"

namespace {

using nn::IoError;
using nn::io::AtomicFile;
using nn::io::write_atomically;
using nn::testing::read_text;
using nn::testing::TemporaryFolder;
using nn::testing::write_text;
using Names = std::vector<std::string>;

void save(const std::string& path, const std::string& text) {
  write_atomically(path, [&](AtomicFile& file) { file.write(text); });
}

/// The message that saving throws; empty if it throws nothing.
std::string error_of_save(const std::string& path, const std::string& text = "new") {
  try {
    save(path, text);
  } catch (const IoError& error) {
    return error.what();
  }
  return {};
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

/// Limits files to `size` bytes, as a full disk would.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t size) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{size, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

/// Runs `body` in a child process and returns its exit status; 128 + number after a signal.
template <class Body>
int run_in_child(Body&& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TEST_SUITE("io/atomic_file") {
  TEST_CASE("AtomicFile: makes a new file with the mode that the umask leaves") {
    const TemporaryFolder folder;
    const mode_t old_mask = ::umask(027);
    save(folder.path("a"), std::string("one\0two", 7));
    ::umask(old_mask);

    CHECK(read_text(folder.path("a")) == std::string("one\0two", 7));
    CHECK(mode_of(folder.path("a")) == 0640);
    CHECK(folder.names() == Names{"a"});
  }

  TEST_CASE("AtomicFile: replaces a file and keeps its mode") {
    const TemporaryFolder folder;
    write_text(folder.path("a"), "a longer old text");
    REQUIRE(::chmod(folder.path("a").c_str(), 0606) == 0);

    save(folder.path("a"), "new");

    CHECK(read_text(folder.path("a")) == "new");
    CHECK(mode_of(folder.path("a")) == 0606);
    CHECK(folder.names() == Names{"a"});
  }

  TEST_CASE("AtomicFile: the old file stays readable until commit") {
    const TemporaryFolder folder;
    write_text(folder.path("a"), "old");

    AtomicFile file(folder.path("a"));
    file.write("ne");
    CHECK(read_text(folder.path("a")) == "old");
    file.write("w");
    file.commit();

    CHECK(read_text(folder.path("a")) == "new");
  }

  TEST_CASE("AtomicFile: an exception leaves the old file and nothing else") {
    const TemporaryFolder folder;
    write_text(folder.path("a"), "old");

    CHECK_THROWS_AS(write_atomically(folder.path("a"),
                                     [](AtomicFile& file) {
                                       file.write("half of the ne");
                                       throw std::runtime_error{"no more"};
                                     }),
                    std::runtime_error);

    CHECK(read_text(folder.path("a")) == "old");
    CHECK(folder.names() == Names{"a"});
  }

  TEST_CASE("AtomicFile: a file that is open already is not replaced by way of its number") {
    const TemporaryFolder folder;
    const nn::io::FileDescriptor open{
        ::open(folder.path("a").c_str(), O_WRONLY | O_CREAT, 0666)};  // as /dev/stdout may be
    for (const std::string links : {"/proc/self/fd/", "/dev/fd/"}) {
      const std::string path = links + std::to_string(open.number());
      CHECK(error_of_save(path, "new") ==
            path + ": expected a file by its own name, got a link to an open one");
    }
    CHECK(folder.names() == Names{"a"});
  }

  TEST_CASE("AtomicFile: a write that does not fit leaves the old file and says why") {
    const TemporaryFolder folder;
    write_text(folder.path("a"), "old");
    std::string error;
    {
      const FileSizeLimit limit(4096);
      error = error_of_save(folder.path("a"), std::string(10'000, 'x'));
    }
    CHECK(error == folder.path("a") +
                       ": expected a file that can be written, got \"File too large\"; no file was "
                       "changed");
    CHECK(read_text(folder.path("a")) == "old");
    CHECK(folder.names() == Names{"a"});
  }

  TEST_CASE("AtomicFile: a process killed half way leaves the old file, and the next save works") {
    const TemporaryFolder folder;
    write_text(folder.path("a"), "old");

    const int status = run_in_child([&] {
      AtomicFile file(folder.path("a"));
      file.write(std::string(100'000, 'x'));
      return ::kill(::getpid(), SIGKILL);
    });

    REQUIRE(status == 128 + SIGKILL);
    CHECK(read_text(folder.path("a")) == "old");
    save(folder.path("a"), "new");
    CHECK(read_text(folder.path("a")) == "new");
  }

  TEST_CASE("regression: what killed processes left is removed by a later save, and nothing else") {
    const TemporaryFolder folder;
    const pid_t gone = ::fork();  // a number that no process has once this one is waited for
    if (gone == 0) ::_exit(0);
    ::waitpid(gone, nullptr, 0);
    const auto name = [](const std::string& target, pid_t process) {
      return "." + target + "." + std::to_string(process) + "-0.tmp";
    };
    const auto leave = [&](const std::string& file, int seconds_ago) {
      write_text(folder.path(file), "half");
      const timespec then{::time(nullptr) - seconds_ago, 0};
      const timespec times[] = {then, then};
      REQUIRE(::utimensat(AT_FDCWD, folder.path(file).c_str(), times, 0) == 0);
    };
    const std::string marked = "." + std::string("a.") + std::to_string(gone) + "-1.tmp";
    const Names kept{"a",
                     marked,
                     name("a", ::getppid()),  // still runs
                     name("b", gone),         // of another target
                     name("a.b", gone),
                     "." + std::string("a.") + std::to_string(gone) + "-2.tmp",  // just written
                     ".a." + std::to_string(gone) + "-0.tmp2",
                     ".a.-1.tmp"};
    for (const std::string& file : kept) leave(file, 3600);
    leave(kept[5], 0);
    leave(name("a", gone), 3600);
    leave(name("a", ::getpid()), 3600);  // of an earlier process with this one's number
    std::filesystem::create_directory(folder.path(".a." + std::to_string(gone) + "-3.tmp"));
    const nn::io::FileDescriptor writer{::open(folder.path(marked).c_str(), O_RDWR | O_CLOEXEC)};
    nn::io::mark_as_written(writer);

    save(folder.path("a"), "new");

    Names expected = kept, left = folder.names();
    expected.push_back(".a." + std::to_string(gone) + "-3.tmp");
    std::sort(expected.begin(), expected.end());
    std::sort(left.begin(), left.end());
    CHECK(left == expected);
    CHECK(read_text(folder.path("a")) == "new");
  }

  TEST_CASE("AtomicFile: what a killed process left is removed, its files while it lives are not") {
    const TemporaryFolder folder;
    const auto age = [&](const std::string& file) {  // as if it had been written long ago
      const timespec times[] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
      return ::utimensat(AT_FDCWD, folder.path(file).c_str(), times, 0);
    };
    AtomicFile slow(folder.path("a"));
    slow.write("slow");
    REQUIRE(age(folder.names().at(0)) == 0);
    run_in_child([&] {
      AtomicFile file(folder.path("a"));
      file.write("half");
      for (const std::string& name : folder.names()) age(name);
      return ::kill(::getpid(), SIGKILL);
    });
    REQUIRE(folder.names().size() == 2);

    save(folder.path("a"), "new");
    CHECK(folder.names().size() == 2);
    slow.commit();
    CHECK(folder.names() == Names{"a"});
    CHECK(read_text(folder.path("a")) == "slow");
  }

#if defined(__linux__) && !defined(NN_SANITIZER)  // whose runtimes make system calls of their own
  TEST_CASE("regression: a write that writes nothing is an error") {
    const TemporaryFolder folder;
    constexpr std::uint32_t odd_size = 54321;
    const int status = run_in_child([&] {
      // From here on the system calls `write` of so many bytes do nothing and return 0.
      sock_filter filter[] = {
          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 3),
          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, odd_size, 0, 1),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      };
      const sock_fprog program{static_cast<unsigned short>(std::size(filter)), filter};
      if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 77;
      if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return 77;
      ::alarm(10);  // a save that goes on for ever fails
      const std::string path = folder.path("a");
      return error_of_save(path, std::string(odd_size, 'x')) ==
                     path +
                         ": expected a file that can be written, got no byte written; no file "
                         "was changed"
                 ? 0
                 : 1;
    });
    if (status == 77) return;  // no such filters here
    CHECK(status == 0);
    CHECK(folder.names().empty());
  }
#endif

#if !defined(NN_SANITIZER)  // whose runtimes have an operator new of their own
  TEST_CASE(
      "regression: memory that runs out while a file is put in place changes nothing or all") {
    const TemporaryFolder folder;
    const std::string path = folder.path("a name that no string keeps in itself");
    write_text(path, "old");
    bool is_done = false;
    for (int left = 0; !is_done; ++left) {
      CAPTURE(left);
      AtomicFile file(path);
      file.write("new");
      try {
        const nn::testing::HeapRunsOut heap(left);
        file.commit();
        is_done = true;
      } catch (const std::bad_alloc&) {
      }
      CHECK(read_text(path) == (is_done ? "new" : "old"));
    }
  }
#endif

  TEST_CASE("AtomicFile: a process killed at any moment of many saves leaves a whole file") {
    const TemporaryFolder folder;
    const std::vector<std::string> texts{std::string(50'000, 'a'), std::string(70'000, 'b')};
    save(folder.path("a"), texts[0]);
    for (int round = 0; round < 10; ++round) {
      CAPTURE(round);
      const pid_t child = ::fork();
      if (child == 0) {
        for (std::size_t i = 0;; ++i) save(folder.path("a"), texts[i % 2]);
      }
      ::usleep(static_cast<useconds_t>(1000 + 1700 * round));
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
      const std::string text = read_text(folder.path("a"));
      REQUIRE((text == texts[0] || text == texts[1]));
    }
  }

  TEST_CASE("AtomicFile: follows symbolic links, to files that exist and to new ones") {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder.path("models"));
    write_text(folder.path("models/real"), "old");
    std::filesystem::create_symlink("models/inner", folder.path("outer"));
    std::filesystem::create_symlink("real", folder.path("models/inner"));
    std::filesystem::create_symlink(folder.path("models/fresh"), folder.path("dangling"));

    save(folder.path("outer"), "new");
    save(folder.path("dangling"), "made");

    CHECK(std::filesystem::is_symlink(folder.path("outer")));
    CHECK(std::filesystem::is_symlink(folder.path("models/inner")));
    CHECK(read_text(folder.path("models/real")) == "new");
    CHECK(read_text(folder.path("models/fresh")) == "made");
  }

  TEST_CASE("AtomicFile: what cannot be written is refused with the path and the reason") {
    const TemporaryFolder folder;
    std::filesystem::create_symlink("loop", folder.path("loop"));
    REQUIRE(::mkfifo(folder.path("pipe").c_str(), 0600) == 0);
    write_text(folder.path("file"), "");
    const std::string rule = ": expected a file that can be written, got ";
    // Only files of the test's own: a library that got this wrong would replace them.
    const std::string kind = ": expected a regular file or a new name, got ";

    CHECK(error_of_save(folder.path("no/a")) ==
          folder.path("no/a") + rule + "\"No such file or directory\"");
    CHECK(error_of_save(folder.path("file/a")) ==
          folder.path("file/a") + rule + "\"Not a directory\"");
    CHECK(error_of_save(folder.path("loop")) ==
          folder.path("loop") + rule + "\"Too many levels of symbolic links\"");
    CHECK(error_of_save(folder.path(std::string(256, 'a'))) ==
          folder.path(std::string(256, 'a')) + rule + "\"File name too long\"");
    CHECK(error_of_save(folder.path()) == folder.path() + kind + "a directory");
    CHECK(error_of_save(folder.path("pipe")) == folder.path("pipe") + kind + "a pipe");
  }

  TEST_CASE("AtomicFile, InputFile: a path that is empty or has a NUL in it is refused") {
    const auto refuses = [](const std::string& path, const char* message) {
      CHECK_THROWS_WITH_AS(AtomicFile{path}, message, IoError);
      CHECK_THROWS_WITH_AS(nn::io::InputFile{path}, message, IoError);
    };
    refuses("", "file: expected a path, got an empty one");
    refuses(std::string("a\0b", 3), "file: expected a path without NUL, got a");
  }

  TEST_CASE("AtomicFile: permissions of the folder and of the old file are respected") {
    const TemporaryFolder folder;
    const std::string closed = folder.path("closed");
    std::filesystem::create_directory(closed);
    write_text(folder.path("read_only"), "old");
    REQUIRE(::chmod(folder.path().c_str(), 0777) == 0);
    REQUIRE(::chmod(closed.c_str(), 0555) == 0);
    REQUIRE(::chmod(folder.path("read_only").c_str(), 0444) == 0);
    const std::string refusal = ": expected a file that can be written, got \"Permission denied\"";

    // A child, as root has to become somebody else for permissions to count.
    const int status = run_in_child([&] {
      if (::geteuid() == 0 && ::setuid(65534) != 0) return 3;
      if (error_of_save(closed + "/a") != closed + "/a" + refusal) return 1;
      const std::string path = folder.path("read_only");
      return error_of_save(path) == path + refusal ? 0 : 2;
    });

    CHECK(status == 0);
    CHECK(read_text(folder.path("read_only")) == "old");
  }

  TEST_CASE("AtomicFile: two writers of one file do not disturb each other") {
    const TemporaryFolder folder;
    AtomicFile first(folder.path("a"));
    AtomicFile second(folder.path("a"));
    first.write("first");
    second.write("second");
    second.commit();
    CHECK(read_text(folder.path("a")) == "second");
    first.commit();

    CHECK(read_text(folder.path("a")) == "first");
    CHECK(folder.names() == Names{"a"});
  }

  TEST_CASE("AtomicFile: the longest name that a folder can hold works") {
    const TemporaryFolder folder;
    const std::string name(255, 'n');
    save(folder.path(name), "new");
    CHECK(folder.names() == Names{name});
  }

  TEST_CASE("AtomicFile: a bare name means the current folder") {
    const TemporaryFolder folder;
    const std::filesystem::path old_folder = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    const std::string error = error_of_save("bare");
    std::filesystem::current_path(old_folder);

    CHECK(error.empty());
    CHECK(read_text(folder.path("bare")) == "new");
  }
}
