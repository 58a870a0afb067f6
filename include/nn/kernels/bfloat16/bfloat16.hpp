// SPDX-License-Identifier: MIT
// The kernels of products of bfloat16 numbers, summed in float. The words of this folder, beside
// those of `../product/product.hpp`:
//   rounded  of a float: its lower 16 bits are 0, so that it is a bfloat16 number
//   pair     two bfloat16 numbers, neighbours along k, in the 32 bits of a lane
//   line     numbers side by side in memory
//   tile     in `pairs.hpp` as in a product of floats; in `tiles.hpp` what a tile register of AMX
//            holds: 16 rows of 16 floats or pairs
//   block    in `tiles.hpp` also 32 x 32 sums, which four tile registers hold
//   strip    a row of neighbouring tiles
// The files in reading order: `rounded.hpp` for any processor; for AVX-512-BF16 `lines.hpp`,
// `packing.hpp`, `pairs.hpp`; for AMX `tiles.hpp`.
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
