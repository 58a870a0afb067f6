// SPDX-License-Identifier: MIT
// The one place where stb_image's functions are compiled; digit_image.hpp declares their use.
#include <cstddef>
#include <cstdlib>

namespace {

// 64 megapixels of four 16-bit channels. A small file that claims to unpack to more is refused
// here.
constexpr std::size_t largest_block = std::size_t{512} << 20;

// Zeros, as stb_image up to 2.27 does not clear its JPEG tables: a file that uses a table which it
// never defines would be decoded with whatever the memory held before.
void* new_block(std::size_t size) { return size > largest_block ? nullptr : std::calloc(size, 1); }

void* resize_block(void* block, std::size_t size) {
  return size > largest_block ? nullptr : std::realloc(block, size);
}

}  // namespace

#define STBI_MALLOC(size) new_block(size)
#define STBI_REALLOC(block, size) resize_block(block, size)
#define STBI_FREE(block) std::free(block)
#define STBI_FAILURE_USERMSG  // reasons for people, not for programmers
#define STBI_ONLY_BMP
#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STB_IMAGE_IMPLEMENTATION
#include <stb_image.h>
