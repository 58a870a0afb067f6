// SPDX-License-Identifier: MIT
// Arrays whose memory starts on a cache line and, where large, lies on huge pages.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "nn/core/checked.hpp"

namespace nn {

/// Bytes of a cache line, and of the widest vector register.
inline constexpr Index cache_line = 64;

/// Rounds a number of bytes up to whole cache lines. Throws as `checked_sum` does.
[[nodiscard]] constexpr Index round_to_cache_line(Index num_bytes) {
  return checked_sum({num_bytes, cache_line - 1}) / cache_line * cache_line;
}
/// Bytes of a tensor of Ts with these sizes. Throws as `checked_product` does.
template <class T, std::same_as<Index>... Sizes>
[[nodiscard]] constexpr Index bytes_of(Sizes... sizes) {
  return checked_product({static_cast<Index>(sizeof(T)), sizes...});
}
/// The same, rounded up to whole cache lines.
template <class T, std::same_as<Index>... Sizes>
[[nodiscard]] constexpr Index padded_bytes(Sizes... sizes) {
  return round_to_cache_line(bytes_of<T>(sizes...));
}

/// Bytes that start on a cache line, not initialised. Blocks of 2 MiB and more start on a huge page
/// and ask for such pages: weights and activations are read once a step, and with pages of 4 KiB
/// every other cache line would miss the TLB.
class AlignedMemory {
 public:
  static constexpr std::size_t huge_page = std::size_t{2} << 20;

  AlignedMemory() = default;
  /// Throws `std::bad_alloc` where memory runs out.
  [[gnu::noinline]] explicit AlignedMemory(std::size_t num_bytes) : size_(num_bytes) {
    if (num_bytes == 0) return;
    if (num_bytes > static_cast<std::size_t>(-1) / 2 - huge_page) throw std::bad_alloc{};
    // Not aligned by `new`: that of glibc splits a larger block, and the hole that is left after
    // `delete` no longer fits the next request of the same size. A program that predicts again and
    // again would grow with every call.
    const std::size_t alignment =
        num_bytes < huge_page ? static_cast<std::size_t>(cache_line) : huge_page;
    std::size_t room = num_bytes + alignment;
    block_ = ::operator new(room);
    void* start = block_;
    data_ = static_cast<std::byte*>(std::align(alignment, num_bytes, start, room));
#if defined(__linux__)
    if (num_bytes >= huge_page) ::madvise(data_, num_bytes, MADV_HUGEPAGE);  // may be refused
#endif
  }
  [[gnu::noinline]] AlignedMemory(const AlignedMemory& other) : AlignedMemory(other.size_) {
    if (size_ > 0) std::memcpy(data_, other.data_, size_);
  }
  AlignedMemory(AlignedMemory&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  AlignedMemory& operator=(const AlignedMemory& other) { return *this = AlignedMemory(other); }
  [[gnu::noinline]] AlignedMemory& operator=(AlignedMemory&& other) noexcept {
    AlignedMemory taken = std::move(other);
    std::swap(block_, taken.block_);
    std::swap(data_, taken.data_);
    std::swap(size_, taken.size_);
    return *this;
  }
  [[gnu::noinline]] ~AlignedMemory() { ::operator delete(block_); }

  [[nodiscard]] std::byte* data() { return data_; }
  [[nodiscard]] const std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }

  /// At least `num_bytes` bytes. Where it has to grow, the contents are lost.
  [[nodiscard, gnu::noinline]] std::byte* reserve(std::size_t num_bytes) {
    if (num_bytes > size_) {
      *this = {};  // first give back the old block, then take a new one
      *this = AlignedMemory(num_bytes);
    }
    return data_;
  }

 private:
  void* block_ = nullptr;      // what `new` returned
  std::byte* data_ = nullptr;  // the first aligned byte in it
  std::size_t size_ = 0;
};

/// An array of fixed size in aligned memory, zeros at first. (A `std::vector` with an allocator
/// takes ten times as long to compile.)
template <class T>
requires std::is_trivially_copyable_v<T>
class AlignedArray {
 public:
  AlignedArray() = default;
  /// Throws `std::bad_array_new_length` where the number of bytes overflows.
  [[gnu::noinline]] explicit AlignedArray(std::size_t size)
      : memory_(static_cast<std::size_t>(bytes_of<T>(static_cast<Index>(size)))) {
    if (size > 0) std::memset(memory_.data(), 0, memory_.size());
  }

  [[nodiscard]] T* data() { return reinterpret_cast<T*>(memory_.data()); }
  [[nodiscard]] const T* data() const { return reinterpret_cast<const T*>(memory_.data()); }
  [[nodiscard]] std::size_t size() const { return memory_.size() / sizeof(T); }
  [[nodiscard]] bool empty() const { return memory_.size() == 0; }
  [[nodiscard]] T* begin() { return data(); }
  [[nodiscard]] T* end() { return data() + size(); }
  [[nodiscard]] const T* begin() const { return data(); }
  [[nodiscard]] const T* end() const { return data() + size(); }
  [[nodiscard]] T& operator[](std::size_t i) { return data()[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return data()[i]; }

 private:
  AlignedMemory memory_;
};

}  // namespace nn
