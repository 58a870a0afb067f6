// SPDX-License-Identifier: MIT
// What is found out once and never changes.
#pragma once

#include <atomic>

#include "nn/core/cxx20.hpp"

namespace nn::detail {

/// What `find()` returns, a number other than 0, from the first call on. Threads that come at once
/// each find it. The static variable of a function would have it found by one of them, behind a
/// guard: a process forked meanwhile has the guard, but not the thread that opens it.
template <auto find>
[[nodiscard]] inline auto found_once() {
  using Found = decltype(find());
  static constinit std::atomic<Found> found{};
  Found known = found.load(std::memory_order_relaxed);
  if (known == Found{}) {
    known = find();
    found.store(known, std::memory_order_relaxed);
  }
  return known;
}

}  // namespace nn::detail
