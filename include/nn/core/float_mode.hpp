// SPDX-License-Identifier: MIT
// How the processor treats denormal numbers in the current thread.
#pragma once

#include <cstdint>

#include "nn/core/cxx20.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace nn {
namespace detail {

/// The control word of floating-point arithmetic (rounding, traps, denormals), without the sticky
/// flags that arithmetic sets.
using FloatMode = std::uint64_t;

#if defined(__SSE2__)
inline constexpr FloatMode sticky_flags = 0x3f;            // MXCSR
inline constexpr FloatMode flush_denormals_bits = 0x8040;  // results (FTZ) and operands (DAZ)

[[nodiscard]] inline FloatMode float_mode() { return _mm_getcsr() & ~sticky_flags; }
inline void set_float_mode(FloatMode mode) {
  _mm_setcsr(static_cast<unsigned>(mode | (_mm_getcsr() & sticky_flags)));
}
#elif defined(__aarch64__)
inline constexpr FloatMode flush_denormals_bits = FloatMode{1} << 24;  // FPCR.FZ: both

[[nodiscard]] inline FloatMode float_mode() {
  FloatMode mode = 0;
  __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
inline void set_float_mode(FloatMode mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode)); }
#else
inline constexpr FloatMode flush_denormals_bits = 0;  // not known here: denormals stay

[[nodiscard]] inline FloatMode float_mode() { return 0; }
inline void set_float_mode(FloatMode) {}
#endif

}  // namespace detail

/// While it lives, its thread treats denormal numbers as zero, in operands and in results: an
/// operation on denormals can cost a hundred cycles. Its destructor restores the old mode.
class FlushDenormals {
 public:
  FlushDenormals() { detail::set_float_mode(old_mode_ | detail::flush_denormals_bits); }
  ~FlushDenormals() { detail::set_float_mode(old_mode_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  detail::FloatMode old_mode_ = detail::float_mode();
};

}  // namespace nn
