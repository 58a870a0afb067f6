// SPDX-License-Identifier: MIT
// Replaces operator new by one that counts, in every test program.
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "tests/testing/allocations.hpp"

namespace {

std::atomic<nn::Index> allocation_count{0};

[[maybe_unused]] void* counted(void* memory) {
  ++allocation_count;
  if (memory == nullptr) throw std::bad_alloc{};
  return memory;
}

}  // namespace

nn::Index nn::testing::num_allocations() { return allocation_count; }

#ifndef NN_SANITIZER  // whose runtimes have an operator new of their own

// The forms for arrays and those that don't throw end up in these two.
void* operator new(std::size_t size) { return counted(std::malloc(size == 0 ? 1 : size)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto step = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(step, (size + step) / step * step));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

#endif
