// SPDX-License-Identifier: MIT
// The memory that stb_image may ask for.
#pragma once

#include <cstddef>

namespace mnist::detail {

/// For the picture at hand of a thread.
struct PictureMemory {
  std::size_t largest_block = std::size_t{1} << 20;  // enough to look at a header
  bool is_exceeded = false;                          // a larger one was asked for
  bool is_exhausted = false;                         // the system had no more
};

/// In stb_image.cpp, where blocks are made.
extern thread_local PictureMemory picture_memory;

}  // namespace mnist::detail
