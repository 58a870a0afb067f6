// SPDX-License-Identifier: MIT
// The instruction sets that functions on bfloat16 numbers are compiled for.
#pragma once

#include "nn/core/cxx20.hpp"

#if defined(__x86_64__)

#define NN_BFLOAT16_FEATURES "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma"

/// Marks functions that use AVX-512-BF16.
#define NN_BFLOAT16_TARGET __attribute__((target(NN_BFLOAT16_FEATURES)))
/// Marks functions that use tile registers (AMX) too.
#define NN_AMX_TARGET __attribute__((target(NN_BFLOAT16_FEATURES ",amx-tile,amx-bf16")))

#endif
