// SPDX-License-Identifier: MIT
// Replaces operator new by one that counts, and fails when told so, in every test program.
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>

#include "tests/testing/allocations.hpp"

namespace {

std::atomic<nn::Index> allocation_count{0};

constexpr nn::Index no_end = std::numeric_limits<nn::Index>::max();
thread_local nn::Index num_left =
    no_end;  // of this thread's allocations; below 0: some have failed

[[maybe_unused]] void count_one() {
  ++allocation_count;
  if (num_left != no_end && --num_left < 0) throw std::bad_alloc{};
}
[[maybe_unused]] void* checked(void* memory) {
  if (memory == nullptr) throw std::bad_alloc{};
  return memory;
}

}  // namespace

nn::Index nn::testing::num_allocations() { return allocation_count; }

nn::testing::HeapRunsOut::HeapRunsOut(Index count) { num_left = count; }
nn::testing::HeapRunsOut::~HeapRunsOut() { num_left = no_end; }
bool nn::testing::HeapRunsOut::did() const { return num_left < 0; }

#ifndef NN_SANITIZER  // whose runtimes have an operator new of their own

// The forms for arrays and those that don't throw end up in these two.
void* operator new(std::size_t size) {
  count_one();
  return checked(std::malloc(size == 0 ? 1 : size));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  count_one();
  const auto step = static_cast<std::size_t>(alignment);
  return checked(std::aligned_alloc(step, (size + step) / step * step));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

#endif
