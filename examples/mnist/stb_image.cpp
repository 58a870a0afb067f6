// SPDX-License-Identifier: MIT
// The one file that compiles the functions of stb_image, which digit_image.hpp declares.
#include <cstddef>
#include <cstdlib>

#include "mnist/picture/memory.hpp"

namespace mnist::detail {

thread_local PictureMemory picture_memory;

}  // namespace mnist::detail

namespace {

/// The block that `make` allocates, of `size` bytes; null if that is more than allowed.
template <class Make>
void* allowed_block(std::size_t size, Make make) {
  mnist::detail::PictureMemory& memory = mnist::detail::picture_memory;
  if (size > memory.largest_block) {
    memory.is_exceeded = true;
    return nullptr;
  }
  void* const block = make();
  if (block == nullptr) memory.is_exhausted = true;
  return block;
}

// Zeros: stb_image up to 2.27 does not clear its JPEG tables. A file that uses a table without
// defining it would be decoded with what the memory held before.
void* new_block(std::size_t size) {
  return allowed_block(size, [&] { return std::calloc(size, 1); });
}

void* resize_block(void* block, std::size_t size) {
  return allowed_block(size, [&] { return std::realloc(block, size); });
}

}  // namespace

#define STBI_MALLOC(size) new_block(size)
#define STBI_REALLOC(block, size) resize_block(block, size)
#define STBI_FREE(block) std::free(block)
#define STBI_FAILURE_USERMSG  // reasons for users, not for programmers
#define STBI_ONLY_BMP
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>
