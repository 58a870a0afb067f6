// SPDX-License-Identifier: MIT
// In which number format products are computed.
#pragma once

#include "nn/core/number_format.hpp"
#include "nn/kernels/machine/isa.hpp"

namespace nn {

namespace kernels::detail {
template <class T>
struct ProductKernels;

/// Makes the kernels for floats those of operands that are rounded to bfloat16. Its code is in
/// kernels/bfloat16/bfloat16.hpp.
template <class T>
void use_bfloat16(Isa isa, ProductKernels<T>& kernels);
}  // namespace kernels::detail

/// The format that the operands of products are rounded to: float32 or bfloat16. A value brings the
/// kernels of its format along, so that a program in float32 compiles no others.
class ProductPrecision {
 public:
  /// float32
  constexpr ProductPrecision() = default;
  [[nodiscard]] static constexpr ProductPrecision bfloat16() {
    ProductPrecision precision;
    precision.change_ = kernels::detail::use_bfloat16<float>;
    return precision;
  }

  constexpr operator NumberFormat() const {  // NOLINT(google-explicit-constructor): its name
    return change_ == nullptr ? NumberFormat::float32 : NumberFormat::bfloat16;
  }
  /// Makes the kernels for floats those of this precision.
  void apply(Isa isa, kernels::detail::ProductKernels<float>& kernels) const {
    if (change_ != nullptr) change_(isa, kernels);
  }

 private:
  void (*change_)(Isa, kernels::detail::ProductKernels<float>&) = nullptr;
};

}  // namespace nn
