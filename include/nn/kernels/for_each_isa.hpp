// SPDX-License-Identifier: MIT
// Compiles one kernel body once for each instruction set. Not guarded: it is included once for each
// body.
//
//   #define NN_KERNEL_BODY "nn/kernels/product.inc"
//   #include "nn/kernels/for_each_isa.hpp"
//   #undef NN_KERNEL_BODY
//
// The body opens `namespace nn::kernels::NN_ISA_NAME`, marks each of its functions NN_TARGET and
// writes vectors of NN_VECTOR_BYTES bytes with the compilers' vector extension; the code that a
// target attribute surrounds may use that instruction set whatever flags the user compiles with.
// Callers choose with NN_DISPATCH.

#define NN_ISA_NAME portable
#define NN_TARGET
#define NN_VECTOR_BYTES 16
#include NN_KERNEL_BODY
#undef NN_ISA_NAME
#undef NN_TARGET
#undef NN_VECTOR_BYTES

#if defined(__x86_64__)

#define NN_ISA_NAME avx2
#define NN_TARGET __attribute__((target("avx2,fma")))
#define NN_VECTOR_BYTES 32
#include NN_KERNEL_BODY
#undef NN_ISA_NAME
#undef NN_TARGET
#undef NN_VECTOR_BYTES

#define NN_ISA_NAME avx512
#define NN_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")))
#define NN_VECTOR_BYTES 64
#include NN_KERNEL_BODY
#undef NN_ISA_NAME
#undef NN_TARGET
#undef NN_VECTOR_BYTES

#endif

// Calls the function of an instruction set, NN_DISPATCH_TO(set, adam_update, count, w, g, …), or of
// the one in use, NN_DISPATCH(adam_update, count, w, g, …).
#ifndef NN_DISPATCH
#if defined(__x86_64__)
#define NN_DISPATCH_TO(set, function, ...)              \
  ((set) >= Isa::avx512 ? avx512::function(__VA_ARGS__) \
   : (set) == Isa::avx2 ? avx2::function(__VA_ARGS__)   \
                        : portable::function(__VA_ARGS__))
#else
#define NN_DISPATCH_TO(set, function, ...) (static_cast<void>(set), portable::function(__VA_ARGS__))
#endif
#define NN_DISPATCH(function, ...) NN_DISPATCH_TO(isa(), function, __VA_ARGS__)
#endif
