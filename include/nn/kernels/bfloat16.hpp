// SPDX-License-Identifier: MIT
// The kernels of products of bfloat16 numbers, summed in float.
#pragma once

#include "nn/kernels/bfloat16_pairs.hpp"
#include "nn/kernels/bfloat16_rounded.hpp"

namespace nn::kernels::detail {

/// What does a task on operands rounded to bfloat16. One instruction adds two products at a time,
/// rounding after each as the others do, but takes denormal numbers as 0.
[[nodiscard]] inline auto bfloat16_block(Isa isa) -> void (*)(const ProductTask<float>&) {
#if defined(__x86_64__)
  if (isa == Isa::avx512 && nn::detail::has_bfloat16_products()) return avx512bf16::product_block;
  if (isa == Isa::avx512) {
    return
        [](const ProductTask<float>& task) { rounded_block(task, avx512::product_block<float>); };
  }
  if (isa == Isa::avx2) {
    return [](const ProductTask<float>& task) { rounded_block(task, avx2::product_block<float>); };
  }
#endif
  static_cast<void>(isa);
  return
      [](const ProductTask<float>& task) { rounded_block(task, portable::product_block<float>); };
}

/// The kernels for products in float or double, or in bfloat16 for floats.
template <class T>
[[nodiscard]] ProductKernels<T> product_kernels(Isa isa, NumberFormat precision) {
  ProductKernels<T> kernels = product_kernels<T>(isa);
  if constexpr (std::is_same_v<T, float>) {
    if (precision == NumberFormat::bfloat16) {
      kernels.block = kernels.vector_block = bfloat16_block(isa);
      kernels.pack_a = kernels.pack_b = nullptr;
#if defined(__x86_64__)
      if (kernels.block == avx512bf16::product_block) {
        kernels.pack_a = avx512bf16::pack_shared_a;
        kernels.pack_b = avx512bf16::pack_shared_b;
      }
#endif
    }
  }
  return kernels;
}

}  // namespace nn::kernels::detail
