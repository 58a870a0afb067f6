// SPDX-License-Identifier: MIT
// Vectors of float or double in the widest registers of each instruction set.
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <type_traits>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "nn/core/config.hpp"
#include "nn/kernels/machine/isa.hpp"

/// Marks small functions on vectors, which have to be inlined: how a call passes vectors depends on
/// the flags that each side is compiled with.
#define NN_INLINE __attribute__((always_inline)) inline

/// Tells compilers to unroll the next loop, so that its vectors stay in registers.
#if defined(__clang__)
#define NN_UNROLL _Pragma("unroll")
#else
#define NN_UNROLL _Pragma("GCC unroll 16")
#endif

#define NN_KERNEL_BODY "nn/kernels/machine/simd.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels {

/// The scalars that have vector kernels; all others run on the naive loops.
template <class T>
inline constexpr bool has_simd = std::same_as<T, float> || std::same_as<T, double>;

/// Makes other threads see what this one has streamed before what it writes next.
inline void end_streams() {
#if defined(__x86_64__)
  _mm_sfence();
#endif
}

/// Number of T's in a vector register of `isa`.
template <class T>
[[nodiscard]] constexpr Index simd_size(Isa isa) {
  const Index num_bytes = isa >= Isa::avx512 ? 64 : isa == Isa::avx2 ? 32 : 16;
  return num_bytes / static_cast<Index>(sizeof(T));
}

}  // namespace nn::kernels
