// SPDX-License-Identifier: MIT
// The kernels of products of bfloat16 numbers, summed in float.
#pragma once

#include "nn/kernels/bfloat16/pairs.hpp"
#include "nn/kernels/bfloat16/rounded.hpp"
#include "nn/kernels/bfloat16/tiles.hpp"

namespace nn::kernels::detail {

/// Makes the kernels for floats those of operands that are rounded to bfloat16. The instructions
/// for that add two products at a time or, in tiles, sixteen pairs to a sum, and take denormal
/// numbers as 0; the others add one by one.
template <class T>
void use_bfloat16(Isa isa, ProductKernels<T>& kernels) {
  using Block = void (*)(const ProductTask<T>&);
  Block block = [](const ProductTask<T>& task) { rounded_block(Isa::portable, task); };
  kernels.pack_a = kernels.pack_b = nullptr;
  kernels.packed_bytes = nullptr;
#if defined(__x86_64__)
  if (isa == Isa::amx) {
    block = amx::product_block;
    kernels.pack_a = amx::pack_shared_a;
    kernels.pack_b = amx::pack_shared_b;
    kernels.packed_bytes = amx::packed_bytes;
    kernels.tile_rows = amx::block_side;
    kernels.tile_cols = 2 * amx::block_side;
    kernels.to_bfloat16 = avx512bf16::to_bfloat16;
    kernels.relu_gradient = avx512bf16::relu_gradient;
  } else if (isa == Isa::avx512_bf16) {
    block = avx512bf16::product_block;
    kernels.pack_a = avx512bf16::pack_shared_a;
    kernels.pack_b = avx512bf16::pack_shared_b;
    kernels.packed_bytes = avx512bf16::packed_bytes;
    kernels.to_bfloat16 = avx512bf16::to_bfloat16;
    kernels.relu_gradient = avx512bf16::relu_gradient;
  } else if (isa == Isa::avx512) {
    block = [](const ProductTask<T>& task) { rounded_block(Isa::avx512, task); };
  } else if (isa == Isa::avx2) {
    block = [](const ProductTask<T>& task) { rounded_block(Isa::avx2, task); };
  }
#endif
  static_cast<void>(isa);
  kernels.block = kernels.vector_block = block;
}

}  // namespace nn::kernels::detail

namespace nn::kernels {

/// For products of floats whose operands are rounded to bfloat16.
inline constexpr ProductPrecision bfloat16_products = ProductPrecision::bfloat16();

}  // namespace nn::kernels
