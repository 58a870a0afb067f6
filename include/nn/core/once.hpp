// SPDX-License-Identifier: MIT
// Values that are computed once and never change.
#pragma once

#include <atomic>

#include "nn/core/cxx20.hpp"

namespace nn::detail {

/// The result of `find()`, a number other than 0, which is kept. Threads that come first at the
/// same time may each call `find`. No static variable of a function: those have a guard, and a
/// process that is forked while another thread holds it would wait forever.
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
