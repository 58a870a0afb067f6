// SPDX-License-Identifier: MIT
// The kernels of the matrix product, in a table for each instruction set.
#pragma once

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "nn/core/ceil_div.hpp"
#include "nn/kernels/elementwise/formulas.hpp"
#include "nn/kernels/machine/scratch.hpp"
#include "nn/kernels/machine/simd.hpp"
#include "nn/kernels/product/task.hpp"

#define NN_KERNEL_BODY "nn/kernels/product/pack.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY
#define NN_KERNEL_BODY "nn/kernels/product/product.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY
#define NN_KERNEL_BODY "nn/kernels/product/sums.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY
#define NN_KERNEL_BODY "nn/kernels/product/vector_matrix.inc"
#include "nn/kernels/machine/for_each_isa.inc"
#undef NN_KERNEL_BODY

namespace nn::kernels::detail {

/// The functions of one instruction set, for matrices of T.
template <class T>
struct ProductKernels {
  void (*block)(const ProductTask<T>&);
  void (*vector_block)(const ProductTask<T>&);
  void (*add_partial)(Matrix<const T>, Matrix<T>);
  void (*finish)(Matrix<T>, const ProductOptions<T>&);
  void (*column_sums)(Matrix<const T>, T*, bool);
  /// Packs an operand for all tasks that share it, to `packed_bytes` of memory; null where that
  /// saves nothing.
  void (*pack_a)(Matrix<const T>, void* to);
  void (*pack_b)(Matrix<const T>, void* to);
  /// Of an a with `count` rows, or a b with `count` columns; null where neither is packed.
  Index (*packed_bytes)(Index count, Index depth);
  Index tile_rows;
  Index tile_cols;
  /// to[i] = x[i] rounded, for an a that these kernels take in bfloat16; null: they take none.
  void (*to_bfloat16)(Index count, const T* x, Bfloat16* to) = nullptr;
  /// dx[i] = 0 where x[i] <= 0, of such an operand.
  void (*relu_gradient)(Index count, const Bfloat16* x, T* dx) = nullptr;
};

template <class T>
[[nodiscard]] ProductKernels<T> product_kernels(Isa isa) {
#if defined(__x86_64__)
  if (isa >= Isa::avx512) {
    return {avx512::product_block<T>,     avx512::vector_matrix_block<T>,
            avx512::add_partial<T>,       avx512::finish_product<T>,
            avx512::column_sums_block<T>, nullptr,
            avx512::pack_shared_b<T>,     avx512::packed_bytes<T>,
            avx512::ProductTile<T>::rows, avx512::ProductTile<T>::cols};
  }
  if (isa == Isa::avx2) {
    return {avx2::product_block<T>,    avx2::vector_matrix_block<T>, avx2::add_partial<T>,
            avx2::finish_product<T>,   avx2::column_sums_block<T>,   nullptr,
            avx2::pack_shared_b<T>,    avx2::packed_bytes<T>,        avx2::ProductTile<T>::rows,
            avx2::ProductTile<T>::cols};
  }
#endif
  static_cast<void>(isa);
  return {portable::product_block<T>,     portable::vector_matrix_block<T>,
          portable::add_partial<T>,       portable::finish_product<T>,
          portable::column_sums_block<T>, nullptr,
          portable::pack_shared_b<T>,     portable::packed_bytes<T>,
          portable::ProductTile<T>::rows, portable::ProductTile<T>::cols};
}

/// The kernels for products in float or double, of floats in `precision`.
template <class T>
[[nodiscard]] ProductKernels<T> product_kernels(Isa isa, const ProductPrecision& precision) {
  ProductKernels<T> kernels = product_kernels<T>(isa);
  if constexpr (std::is_same_v<T, float>) precision.apply(isa, kernels);
  return kernels;
}

/// dx(i, j) = 0 where x(i, j) <= 0, with kernels that take such an x.
template <class T>
void relu_gradient_of_rows(const ProductKernels<T>& kernels, Matrix<const Bfloat16> x,
                           Matrix<T> dx) {
  for (Index i = 0; i < dx.rows; ++i) kernels.relu_gradient(dx.cols, &x(i, 0), &dx(i, 0));
}

}  // namespace nn::kernels::detail

namespace nn::kernels {

/// Whether products in `precision` take a left operand that is rounded already.
[[nodiscard]] inline bool takes_bfloat16(const ProductPrecision& precision) {
  return detail::product_kernels<float>(isa(), precision).to_bfloat16 != nullptr;
}

}  // namespace nn::kernels
