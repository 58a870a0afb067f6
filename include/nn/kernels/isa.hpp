// SPDX-License-Identifier: MIT
// Which instruction set the kernels use: found when the program runs, so no compiler flag is
// needed.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "nn/core/error.hpp"

namespace nn {

/// Instruction sets that the kernels are compiled for, each including the ones before it.
enum class Isa { portable, avx2, avx512 };

[[nodiscard]] constexpr const char* to_string(Isa isa) {
  switch (isa) {
    case Isa::avx512:
      return "avx512";
    case Isa::avx2:
      return "avx2";
    case Isa::portable:
      break;
  }
  return "portable";
}

namespace detail {

/// The best set that this processor and its operating system support.
[[nodiscard]] inline Isa detect_isa() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    return Isa::avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::avx2;
#endif
  return Isa::portable;
}

/// Whether this processor multiplies bfloat16 numbers itself (AVX-512-BF16).
[[nodiscard]] inline bool has_bfloat16_products() {
#if defined(__x86_64__)
  static const bool has = detect_isa() == Isa::avx512 && __builtin_cpu_supports("avx512bf16");
  return has;
#else
  return false;
#endif
}

/// The detected set, lowered by the environment variable NN_ISA (portable, avx2, avx512) if that is
/// set.
[[nodiscard]] inline Isa choose_isa() {
  const Isa best = detect_isa();
  const char* wanted = std::getenv("NN_ISA");
  if (wanted == nullptr || *wanted == '\0') return best;
  for (const Isa isa : {Isa::portable, Isa::avx2, Isa::avx512}) {
    if (std::string_view{wanted} != to_string(isa)) continue;
    if (isa <= best) return isa;
    refuse({"NN_ISA",
            "an instruction set of this processor",
            wanted,
            {"the best here is ", to_string(best)}});
  }
  refuse({"NN_ISA", "portable, avx2 or avx512", wanted});
}

}  // namespace detail

/// The instruction set in use. Throws `std::invalid_argument` where NN_ISA names one that is not
/// there.
[[nodiscard]] inline Isa isa() {
  static const Isa chosen = detail::choose_isa();
  return chosen;
}

}  // namespace nn
