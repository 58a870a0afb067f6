// SPDX-License-Identifier: MIT
// Which instruction set the kernels use: found when the program runs, so no compiler flag is
// needed. The words of this folder:
//   isa      an instruction set that kernels are compiled for; `portable` is what any processor has
//   body     a file of kernels that is compiled once for each isa (`for_each_isa.inc`)
//   vector   the floats or doubles of one register, each in a lane (`simd.hpp`)
//   stream   to write past the caches
//   block    the elements that an element-wise kernel takes at a time (`blocks.hpp`)
//   scratch  memory that each thread has for intermediate results, and leases (`scratch.hpp`)
#pragma once

#include <cstdlib>
#include <string_view>

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

#include "nn/core/error.hpp"
#include "nn/core/once.hpp"

namespace nn {

/// Instruction sets that the kernels are compiled for, each including the ones before it. Those
/// after AVX-512 multiply bfloat16 numbers: in vectors, and in tile registers.
enum class Isa { portable, avx2, avx512, avx512_bf16, amx };

inline constexpr Isa all_isas[] = {Isa::portable, Isa::avx2, Isa::avx512, Isa::avx512_bf16,
                                   Isa::amx};

[[nodiscard]] constexpr const char* to_string(Isa isa) {
  switch (isa) {
    case Isa::amx:
      return "amx";
    case Isa::avx512_bf16:
      return "avx512_bf16";
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

/// Whether the processor has tile registers for bfloat16 (AMX) and the system lets this process use
/// them: Linux (since 5.16) makes a process request them, as they enlarge its context.
[[nodiscard]] inline bool may_use_tiles() {
#if defined(__x86_64__) && defined(__linux__)
  constexpr unsigned tiles_of_bfloat16 = 1u << 22 | 1u << 24;  // in leaf 7's edx
  constexpr long request_permission = 0x1023, tile_data = 18;  // of arch_prctl
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 &&
         (edx & tiles_of_bfloat16) == tiles_of_bfloat16 &&
         ::syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return false;
#endif
}

/// The best set that this processor and its operating system support.
[[nodiscard]] inline Isa detect_isa() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    if (!__builtin_cpu_supports("avx512bf16")) return Isa::avx512;
    return may_use_tiles() ? Isa::amx : Isa::avx512_bf16;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::avx2;
#endif
  return Isa::portable;
}

/// The quickest of the sets up to `best`. In vectors, Intel's processors multiply bfloat16 numbers
/// at half the rate of floats, so rounded floats are quicker there; tiles are quicker than both.
[[nodiscard]] inline Isa quickest_isa(Isa best) {
#if defined(__x86_64__)
  if (best == Isa::avx512_bf16 && __builtin_cpu_is("intel")) return Isa::avx512;
#endif
  return best;
}

/// The quickest set, or the one that the environment variable NN_ISA names (portable, avx2, avx512,
/// avx512_bf16, amx).
[[nodiscard]] NN_COLD inline Isa choose_isa() {
  const Isa best = detect_isa();
  const char* wanted = std::getenv("NN_ISA");
  if (wanted == nullptr || *wanted == '\0') return quickest_isa(best);
  for (const Isa isa : all_isas) {
    if (std::string_view{wanted} != to_string(isa)) continue;
    if (isa <= best) return isa;
    refuse({"NN_ISA",
            "an instruction set of this processor",
            wanted,
            {"the best here is ", to_string(best)}});
  }
  refuse({"NN_ISA", "portable, avx2, avx512, avx512_bf16 or amx", wanted});
}

/// Counted from 1, as `found_once` asks for.
[[nodiscard]] inline int number_of_chosen_isa() { return 1 + static_cast<int>(choose_isa()); }

}  // namespace detail

/// The instruction set in use. Throws `std::invalid_argument` where NN_ISA names one that is not
/// there.
[[nodiscard, gnu::noinline]] inline Isa isa() {
  return static_cast<Isa>(detail::found_once<&detail::number_of_chosen_isa>() - 1);
}

}  // namespace nn
