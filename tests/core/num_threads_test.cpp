// SPDX-License-Identifier: MIT
#include "nn/core/num_threads.hpp"

#include <doctest/doctest.h>

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>

#include "tests/io/temporary_folder.hpp"

namespace {

using nn::detail::choose_num_threads;
using nn::detail::cores_of_groups;
using nn::detail::cores_of_quota;

/// Sets NN_NUM_THREADS for the life of a test.
class ThreadsVariable {
 public:
  explicit ThreadsVariable(const char* value) {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value, 1);
  }
  ~ThreadsVariable() {
    if (before_) {
      ::setenv(name, before_->c_str(), 1);
    } else {
      ::unsetenv(name);
    }
  }
  ThreadsVariable(const ThreadsVariable&) = delete;
  ThreadsVariable& operator=(const ThreadsVariable&) = delete;

 private:
  static constexpr const char* name = "NN_NUM_THREADS";
  std::optional<std::string> before_;
};

/// A folder that stands for a machine's root, with /proc and control groups.
class Machine {
 public:
  Machine(const std::string& groups, const std::string& mounts) {
    write("proc/self/cgroup", groups);
    write("proc/self/mountinfo", mounts);
  }
  Machine& write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(folder_.path(name)).parent_path());
    nn::testing::write_text(folder_.path(name), text);
    return *this;
  }
  [[nodiscard]] int cores() const { return cores_of_groups(folder_.path()); }

 private:
  nn::testing::TemporaryFolder folder_;
};

const std::string version_2 =
    "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
    "31 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
const std::string version_1 =
    "31 22 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs ro,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
    "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";

TEST_SUITE("core/num_threads") {
  TEST_CASE("CPU quota: is rounded up to whole cores; no number is no limit") {
    CHECK(cores_of_quota("200000", "100000") == 2);
    CHECK(cores_of_quota("150000\n", "100000\n") == 2);
    CHECK(cores_of_quota("1", "100000") == 1);
    CHECK(cores_of_quota("9223372036854775807", "1") == INT_MAX);
    CHECK(cores_of_quota("max", "100000") == INT_MAX);
    CHECK(cores_of_quota("-1", "100000") == INT_MAX);
    CHECK(cores_of_quota("0", "100000") == INT_MAX);
    CHECK(cores_of_quota("1000", "0") == INT_MAX);
    CHECK(cores_of_quota("", "") == INT_MAX);
  }

  TEST_CASE("CPU quota: version 2, the least of a group and those around it") {
    Machine machine("0::/system.slice/app.service\n", version_2);
    CHECK(machine.cores() == INT_MAX);
    machine.write("sys/fs/cgroup/system.slice/app.service/cpu.max", "max 100000\n");
    CHECK(machine.cores() == INT_MAX);
    machine.write("sys/fs/cgroup/system.slice/cpu.max", "250000 100000\n");
    CHECK(machine.cores() == 3);
    machine.write("sys/fs/cgroup/system.slice/app.service/cpu.max", "50000 50000\n");
    CHECK(machine.cores() == 1);
  }

  TEST_CASE("CPU quota: version 2 in a container that sees its own group as the top") {
    CHECK(Machine("0::/\n", version_2).write("sys/fs/cgroup/cpu.max", "400000 100000\n").cores() ==
          4);
  }

  TEST_CASE("CPU quota: version 1, the group that governs processor time") {
    Machine machine("4:cpuset:/other\n3:cpu,cpuacct:/jobs/7\n0::/\n", version_1);
    CHECK(machine.cores() == INT_MAX);
    machine.write("sys/fs/cgroup/cpu,cpuacct/jobs/7/cpu.cfs_quota_us", "-1\n")
        .write("sys/fs/cgroup/cpu,cpuacct/jobs/7/cpu.cfs_period_us", "100000\n");
    CHECK(machine.cores() == INT_MAX);
    machine.write("sys/fs/cgroup/cpu,cpuacct/jobs/7/cpu.cfs_quota_us", "550000\n");
    CHECK(machine.cores() == 6);
    machine.write("sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us", "100000\n")
        .write("sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us", "50000\n");
    CHECK(machine.cores() == 2);
  }

  TEST_CASE("CPU quota: version 1 in a container that knows its path from outside") {
    Machine machine("3:cpu:/docker/4f\n",
                    "33 31 0:30 /docker/4f /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n");
    machine.write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n")
        .write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    CHECK(machine.cores() == 3);
  }

  TEST_CASE("CPU quota: a machine without control groups, and damaged files, are no limit") {
    CHECK(Machine("", "").cores() == INT_MAX);
    CHECK(Machine("0", " - cgroup2\n - \n33 31 - cgroup2 cgroup2 rw").cores() == INT_MAX);
    CHECK(cores_of_groups("/no such folder") == INT_MAX);
  }

  TEST_CASE("num_threads: the default is the cores that this process may use, at least one") {
    const ThreadsVariable empty("");
    CHECK(choose_num_threads() == nn::detail::num_cores());
    CHECK(nn::detail::num_cores() >= 1);
    CHECK(nn::detail::num_cores() <= cores_of_groups(""));
  }

  TEST_CASE("NN_NUM_THREADS: a number wins over the cores") {
    for (const int threads : {1, 3, 5000}) {
      const ThreadsVariable variable(std::to_string(threads).c_str());
      CHECK(choose_num_threads() == threads);
    }
  }

  TEST_CASE("NN_NUM_THREADS: refuses what is not 1 or more") {
    for (const std::string wrong : {"0", "-2", "many", "2.5", "4 ", "99999999999"}) {
      CAPTURE(wrong);
      const ThreadsVariable variable(wrong.c_str());
      const std::string expected = "NN_NUM_THREADS: expected 1 thread or more, got " + wrong;
      CHECK_THROWS_WITH_AS(static_cast<void>(choose_num_threads()), expected.c_str(),
                           std::invalid_argument);
    }
  }
}

}  // namespace
