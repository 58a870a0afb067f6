// SPDX-License-Identifier: MIT
// How much room there is for text.
#pragma once

#include <sys/ioctl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "nn/core/tensor.hpp"

namespace mnist {

/// Characters in a line of what `file` is: the terminal's; elsewhere those that COLUMNS in the
/// environment names, or 80.
[[nodiscard]] inline nn::Index line_width(int file = STDOUT_FILENO) {
  winsize size{};
  if (ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  nn::Index columns = 0;
  if (const char* const named = std::getenv("COLUMNS")) {
    std::from_chars(named, named + std::strlen(named), columns);
  }
  return columns > 0 ? columns : 80;
}

}  // namespace mnist
