// SPDX-License-Identifier: MIT
// Lines of numbers in the vectors of AVX-512-BF16: floats are rounded on their way, numbers that
// are bfloat16 already stay as they are.
#pragma once

#include <algorithm>
#include <cstdint>

#include "nn/core/number_format.hpp"
#include "nn/kernels/bfloat16/targets.hpp"
#include "nn/kernels/product/kernels.hpp"

#if defined(__x86_64__)

namespace nn::kernels::avx512bf16 {

using Pair = std::uint32_t;  // two neighbours along k, the first in the lower half

inline constexpr Index lanes = 16;

/// The first `count` of 16 lanes; all, if `count` is larger.
[[nodiscard]] NN_INLINE __mmask16 first_lanes(Index count) {
  return static_cast<__mmask16>((1u << static_cast<unsigned>(std::min(count, lanes))) - 1);
}

/// 32 numbers from x on; only `count` of them are read, the others are 0.
NN_BFLOAT16_TARGET NN_INLINE __m512i neighbours(const float* x, Index count) {
  const __m512 low = avx512::Simd<float>::load(x, count);
  const __m512 high =
      count > lanes ? avx512::Simd<float>::load(x + lanes, count - lanes) : _mm512_setzero_ps();
  return __builtin_bit_cast(__m512i, _mm512_cvtne2ps_pbh(high, low));
}
NN_BFLOAT16_TARGET NN_INLINE __m512i neighbours(const Bfloat16* x, Index count) {
  if (count >= 2 * lanes) return _mm512_loadu_si512(x);
  return _mm512_maskz_loadu_epi16((1u << static_cast<unsigned>(count)) - 1, x);
}

/// 16 numbers from x on in the lower halves of lanes; only `count` are read, the others are 0.
NN_BFLOAT16_TARGET NN_INLINE __m512i lower_halves(const Bfloat16* x, Index count) {
  const __mmask16 given = first_lanes(count);
  return _mm512_maskz_cvtepu16_epi32(given, _mm256_maskz_loadu_epi16(given, x));
}
/// The same in the upper halves: as floats.
NN_BFLOAT16_TARGET NN_INLINE __m512i upper_halves(const Bfloat16* x, Index count) {
  return _mm512_maskz_slli_epi32(first_lanes(count), lower_halves(x, count), 16);
}

/// (low[j], high[j]) for each of 16 columns.
NN_BFLOAT16_TARGET NN_INLINE __m512i zip(__m512 low, __m512 high) {
  alignas(64) static constexpr std::uint16_t order[32] = {
      0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
      8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const auto both = __builtin_bit_cast(__m512i, _mm512_cvtne2ps_pbh(high, low));
  return _mm512_permutexvar_epi16(_mm512_load_si512(order), both);
}

/// 16 pairs across two rows; only `count` are read, the others are 0. odd may be null: zeros.
NN_BFLOAT16_TARGET NN_INLINE __m512i pairs_across(const float* even, const float* odd,
                                                  Index count) {
  using Floats = avx512::Simd<float>;
  return zip(Floats::load(even, count),
             odd == nullptr ? _mm512_setzero_ps() : Floats::load(odd, count));
}
NN_BFLOAT16_TARGET NN_INLINE __m512i pairs_across(const Bfloat16* even, const Bfloat16* odd,
                                                  Index count) {
  const __m512i low = lower_halves(even, count);
  if (odd == nullptr) return low;
  return _mm512_or_si512(low, upper_halves(odd, count));
}

/// to[i] = x[i] rounded, denormal numbers to 0.
NN_BFLOAT16_TARGET inline void to_bfloat16(Index count, const float* x, Bfloat16* to) {
  for (Index i = 0; i < count; i += 2 * lanes) {
    const Index rest = std::min(count - i, 2 * lanes);
    const auto given = static_cast<__mmask32>((std::uint64_t{1} << rest) - 1);
    _mm512_mask_storeu_epi16(to + i, given, neighbours(x + i, rest));
  }
}

/// dx[i] = 0 where x[i] <= 0
NN_BFLOAT16_TARGET inline void relu_gradient(Index count, const Bfloat16* x, float* dx) {
  for (Index i = 0; i < count; i += lanes) {
    const auto floats = __builtin_bit_cast(__m512, upper_halves(x + i, count - i));
    const __mmask16 dropped =
        _mm512_mask_cmp_ps_mask(first_lanes(count - i), floats, _mm512_setzero_ps(), _CMP_LE_OQ);
    _mm512_mask_storeu_ps(dx + i, dropped, _mm512_setzero_ps());
  }
}

}  // namespace nn::kernels::avx512bf16

#endif
