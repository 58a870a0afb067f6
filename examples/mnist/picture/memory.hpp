// SPDX-License-Identifier: MIT
// How much memory stb_image may allocate.
#pragma once

#include <cstddef>

namespace mnist::detail {

/// For the picture that a thread decodes.
struct PictureMemory {
  std::size_t largest_block = std::size_t{1} << 20;  // enough to look at a header
  bool is_exceeded = false;                          // stb_image asked for a larger one
  bool is_exhausted = false;                         // the system had no more
};

/// Defined in stb_image.cpp, which allocates the blocks.
extern thread_local PictureMemory picture_memory;

}  // namespace mnist::detail
