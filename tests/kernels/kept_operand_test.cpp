// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "nn/core/memory.hpp"
#include "nn/kernels/bfloat16/bfloat16.hpp"
#include "nn/kernels/product/product.hpp"
#include "tests/kernels/kernel_testing.hpp"

namespace {

using namespace nn::kernels;
using namespace nn::testing;
using nn::Index;
using nn::Isa;

/// Products of rows of a with one b, in turn.
template <class T>
class Products {
 public:
  Products(Isa isa, Index n, Index k, nn::ProductPrecision precision)
      : isa_(isa), n_(n), k_(k), a_(random_values<T>(700 * k, 1)), b_(random_values<T>(k * n, 2)) {
    options_.precision = precision;
    std::fill_n(memory_.data(), size_ + guard, std::byte{0xFF});  // NaN
    kept.data = memory_.data();
  }

  [[nodiscard]] std::vector<T> of(Index rows, KeptOperand* kept_b) {
    std::vector<T> c = nan_values<T>(rows * n_);
    options_.kept_b = kept_b;
    product_with(isa_, Matrix<const T>(a_.data(), rows, k_), Matrix<const T>(b_.data(), k_, n_),
                 Matrix<T>(c.data(), rows, n_), options_);
    return c;
  }
  void forget_b() { std::fill(b_.begin(), b_.end(), T(0)); }
  [[nodiscard]] bool stays_within() const {
    const std::byte* const end = memory_.data() + size_;
    return std::all_of(end, end + guard, [](std::byte x) { return x == std::byte{0xFF}; });
  }

  KeptOperand kept;

 private:
  static constexpr Index guard = 4096;

  Isa isa_;
  Index n_, k_;
  Index size_ = kept_operand_bytes<T>(k_, n_);
  std::vector<T> a_, b_;
  nn::AlignedMemory memory_{static_cast<std::size_t>(size_ + guard)};
  ProductOptions<T> options_;
};

struct Size {
  Index n, k;
};

TEST_SUITE("kernels/kept_operand") {
  TEST_CASE_TEMPLATE("product: gives the same bits with an operand that is kept", T, float,
                     double) {
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      for (const nn::ProductPrecision precision : {nn::ProductPrecision{}, bfloat16_products}) {
        if (!std::is_same_v<T, float> && precision == nn::NumberFormat::bfloat16) continue;
        for (const Size size : {Size{1, 1}, Size{10, 128}, Size{128, 700}, Size{50, 2100},
                                Size{65, 5000}, Size{300, 90}}) {
          CAPTURE(size.n);
          CAPTURE(size.k);
          Products<T> products(isa, size.n, size.k, precision);
          for (const Index rows : {700, 1, 9, 128, 33, 2, 1, 700}) {
            CAPTURE(rows);
            const auto expected = products.of(rows, nullptr);
            CHECK(largest_difference(products.of(rows, &products.kept), expected) == 0);
          }
          CHECK(products.stays_within());
        }
      }
    }
  }

  TEST_CASE("product: reads an operand that is kept, and no other") {
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      for (const nn::ProductPrecision precision : {nn::ProductPrecision{}, bfloat16_products}) {
        if (precision == nn::NumberFormat::bfloat16 && isa < Isa::avx512_bf16) continue;
        Products<float> products(isa, 128, 2700, precision);
        const auto expected = products.of(128, &products.kept);
        REQUIRE(products.kept.block_cols > 0);
        products.forget_b();
        CHECK(largest_difference(products.of(128, &products.kept), expected) == 0);
        products.kept.block_cols = 0;
        const auto zeros = products.of(128, &products.kept);
        CHECK(std::all_of(zeros.begin(), zeros.end(), [](float x) { return x == 0; }));
      }
    }
  }
}

}  // namespace
