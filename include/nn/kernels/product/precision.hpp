// SPDX-License-Identifier: MIT
// In which number format products are computed.
#pragma once

#include "nn/core/number_format.hpp"
#include "nn/kernels/machine/isa.hpp"

namespace nn {

namespace kernels::detail {
template <class T>
struct ProductKernels;
}  // namespace kernels::detail

/// The format that the operands of products are rounded to. Whoever names one brings its kernels
/// along, so that a program in float32 compiles no others.
class ProductPrecision {
 public:
  /// Makes the kernels for floats those for operands in this format.
  using ChangeKernels = void (*)(Isa, kernels::detail::ProductKernels<float>&);

  constexpr ProductPrecision() = default;
  /// `change` is null but for bfloat16.
  constexpr ProductPrecision(NumberFormat format, ChangeKernels change)
      : format_(format), change_(change) {}

  constexpr operator NumberFormat() const {  // NOLINT(google-explicit-constructor): is one
    return format_;
  }
  void apply(Isa isa, kernels::detail::ProductKernels<float>& kernels) const {
    if (change_ != nullptr) change_(isa, kernels);
  }

 private:
  NumberFormat format_ = NumberFormat::float32;
  ChangeKernels change_ = nullptr;
};

}  // namespace nn
