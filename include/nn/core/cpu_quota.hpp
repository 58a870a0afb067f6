// SPDX-License-Identifier: MIT
// How much processor time its control groups, such as those of a container, allow this process.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <cstdint>
#include <string>
#include <string_view>

#include "nn/core/cold.hpp"

namespace nn::detail {

/// The text of a small file; empty where it can't be read.
[[nodiscard]] NN_COLD inline std::string small_file(const std::string& path) {
  std::string text;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return text;
  char part[4096];
  for (ssize_t size = 0; (size = ::read(file, part, sizeof part)) > 0;) {
    text.append(part, static_cast<std::size_t>(size));
  }
  ::close(file);
  return text;
}

/// Removes the text before the next `end` from the front of `text`, and that `end`. Returns what
/// stood before it.
[[nodiscard]] inline std::string_view take_until(std::string_view& text, char end) {
  const std::size_t size = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(std::min(size + 1, text.size()));
  return taken;
}

/// True if "a,b,c" has `item`.
[[nodiscard]] inline bool lists(std::string_view list, std::string_view item) {
  while (!list.empty()) {
    if (take_until(list, ',') == item) return true;
  }
  return false;
}

/// Cores that `quota` in each `period` keeps busy, rounded up; INT_MAX where there is no limit
/// ("max", or -1) or no number.
[[nodiscard]] inline int cores_of_quota(std::string_view quota, std::string_view period) {
  const auto number = [](std::string_view digits) {
    std::int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  };
  const std::int64_t time = number(quota), each = number(period);
  if (time <= 0 || each <= 0) return INT_MAX;
  return static_cast<int>(std::min<std::int64_t>(INT_MAX, time / each + (time % each != 0)));
}

/// The limit of one group, in cores, from the files in its folder: cpu.max in version 2,
/// cpu.cfs_quota_us and cpu.cfs_period_us in version 1.
[[nodiscard]] NN_COLD inline int cores_of_group(const std::string& folder) {
  const std::string both = small_file(folder + "/cpu.max");
  std::string_view words = both;
  const std::string_view quota = take_until(words, ' ');
  return std::min(cores_of_quota(quota, words),
                  cores_of_quota(small_file(folder + "/cpu.cfs_quota_us"),
                                 small_file(folder + "/cpu.cfs_period_us")));
}

/// The path of the group that limits the processor time of this process. `groups` is the text of
/// /proc/self/cgroup, whose lines are "number:controllers:path"; in version 2 the controllers are
/// empty. A process may be in groups of both versions.
[[nodiscard]] NN_COLD inline std::string_view group_path(std::string_view groups,
                                                         bool is_version_2) {
  while (!groups.empty()) {
    std::string_view path = take_until(groups, '\n');
    static_cast<void>(take_until(path, ':'));
    const std::string_view controllers = take_until(path, ':');
    if (is_version_2 ? controllers.empty() : lists(controllers, "cpu")) return path;
  }
  return {};
}

/// The lowest limit, in cores, rounded up, of the groups of this process and those around them;
/// INT_MAX where none limits it. `root` stands before all paths; only tests set it.
[[nodiscard]] NN_COLD inline int cores_of_groups(const std::string& root) {
  const std::string groups = small_file(root + "/proc/self/cgroup");
  const std::string mounts = small_file(root + "/proc/self/mountinfo");
  int least = INT_MAX;
  for (std::string_view rest = mounts; !rest.empty();) {
    // "id parent device mounted-part folder options [more options] - type source its-options"
    std::string_view line = take_until(rest, '\n');
    const std::size_t dash = line.find(" - ");
    if (dash == line.npos) continue;
    std::string_view system = line.substr(dash + 3);
    const std::string_view type = take_until(system, ' ');
    static_cast<void>(take_until(system, ' '));
    const bool is_version_2 = type == "cgroup2";
    if (!is_version_2 && !(type == "cgroup" && lists(system, "cpu"))) continue;
    for (int skipped = 0; skipped < 3; ++skipped) static_cast<void>(take_until(line, ' '));
    const std::string_view part = take_until(line, ' ');
    const std::string top = root + std::string(take_until(line, ' '));
    // A container may see its own group as the top one, but the path as it is outside.
    std::string_view path = group_path(groups, is_version_2);
    if (part != "/" && path.starts_with(part)) path.remove_prefix(part.size());
    for (std::string folder = top + std::string(path); folder.size() > top.size();
         folder.resize(folder.rfind('/'))) {
      least = std::min(least, cores_of_group(folder));
    }
    least = std::min(least, cores_of_group(top));
  }
  return least;
}

}  // namespace nn::detail
