// SPDX-License-Identifier: MIT
// How wide a line of text may be, and whether it may have colours.
#pragma once

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "nn/core/tensor.hpp"

namespace mnist {

/// Characters in a line of `file`: those of the terminal; for other files what COLUMNS in the
/// environment says, or 80.
[[nodiscard]] inline nn::Index line_width(int file = STDOUT_FILENO) {
  winsize size{};
  if (ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  nn::Index columns = 0;
  if (const char* const named = std::getenv("COLUMNS")) {
    std::from_chars(named, named + std::strlen(named), columns);
  }
  return columns > 0 ? columns : 80;
}

/// Whether `file` is a terminal that takes colours: NO_COLOR (https://no-color.org) says no to
/// them.
[[nodiscard]] inline bool takes_colours(int file = STDOUT_FILENO) {
  const auto is_set = [](const char* text) { return text != nullptr && *text != '\0'; };
  const char* const kind = std::getenv("TERM");
  return isatty(file) == 1 && !is_set(std::getenv("NO_COLOR")) && is_set(kind) &&
         std::strcmp(kind, "dumb") != 0;
}

}  // namespace mnist
