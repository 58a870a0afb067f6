// SPDX-License-Identifier: MIT
#include "nn/kernels/product_gradients.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "nn/kernels/bfloat16.hpp"
#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Index;
using namespace nn::testing;
using namespace nn::kernels;

struct Size {
  Index n, k, m;
};

template <class T>
struct Gradients {
  std::vector<T> dx, dW;
};

template <class T>
struct Operands {
  Size size;
  nn::ProductPrecision precision{};
  std::vector<T> x = random_values<T>(size.n * size.k, 1);
  std::vector<T> W = random_values<T>(size.k * size.m, 2);
  std::vector<T> dz = random_values<T>(size.n * size.m, 3);

  [[nodiscard]] Gradients<T> separate(bool is_masked) const {
    Gradients<T> result{nan_values<T>(size.n * size.k), nan_values<T>(size.k * size.m)};
    const Matrix<const T> x_view(x.data(), size.n, size.k), W_view(W.data(), size.k, size.m);
    const Matrix<const T> dz_view(dz.data(), size.n, size.m);
    product(dz_view, W_view.transposed(), Matrix<T>(result.dx.data(), size.n, size.k),
            {.mask = is_masked ? x.data() : nullptr, .precision = precision});
    product(x_view.transposed(), dz_view, Matrix<T>(result.dW.data(), size.k, size.m),
            {.precision = precision});
    return result;
  }
  /// The walk, whose pieces of W are spoilt as soon as they are finished.
  [[nodiscard]] Gradients<T> in_one_walk(bool is_masked) const {
    Gradients<T> result{nan_values<T>(size.n * size.k), nan_values<T>(size.k * size.m)};
    std::vector<T> spoilt = W;
    const std::vector<T> moments = W;
    product_gradients(
        Matrix<const T>(x.data(), size.n, size.k), Matrix<const T>(spoilt.data(), size.k, size.m),
        Matrix<const T>(dz.data(), size.n, size.m), Matrix<T>(result.dx.data(), size.n, size.k),
        {.mask = is_masked ? x.data() : nullptr, .precision = precision}, {moments.data(), nullptr},
        [&](Index first, const T* gradients, Index count) {
          std::copy_n(gradients, count, result.dW.data() + first);
          std::fill_n(spoilt.data() + first, count, T(1e30));
        });
    return result;
  }
};

}  // namespace

TEST_SUITE("kernels/product_gradients") {
  TEST_CASE_TEMPLATE("product_gradients: has the bits of two products, for any number of threads",
                     T, float, double) {
    for (const Size& size :
         {Size{1, 1, 1}, {3, 5, 2}, {7, 97, 10}, {16, 1000, 3}, {33, 2111, 70}, {300, 129, 128}}) {
      CAPTURE(size.n);
      CAPTURE(size.k);
      CAPTURE(size.m);
      const Operands<T> operands{size};
      for (const bool is_masked : {false, true}) {
        CAPTURE(is_masked);
        const Gradients<T> expected = operands.separate(is_masked);
        for (const int threads : {1, 2, 3}) {
          CAPTURE(threads);
          const ThreadsForTest use(threads);
          const Gradients<T> actual = operands.in_one_walk(is_masked);
          CHECK(largest_difference(actual.dx, expected.dx) == 0);
          CHECK(largest_difference(actual.dW, expected.dW) == 0);
        }
      }
    }
  }

  TEST_CASE("product_gradients: in bfloat16 has the bits of two products in bfloat16") {
    // The last two are deeper than what is packed at a time.
    for (const Size& size :
         {Size{3, 5, 2}, {16, 1000, 3}, {300, 129, 128}, {600, 40, 20}, {20, 40, 600}}) {
      CAPTURE(size.k);
      const Operands<float> operands{size, bfloat16_products}, floats{size};
      const auto expected = operands.separate(true), actual = operands.in_one_walk(true);
      CHECK(largest_difference(actual.dx, expected.dx) == 0);
      CHECK(largest_difference(actual.dW, expected.dW) == 0);
      CHECK(largest_difference(actual.dW, floats.in_one_walk(true).dW) > 0);
    }
  }

  TEST_CASE("product_gradients: leaves dx out where nobody wants it") {
    const Operands<float> operands{{5, 40, 6}};
    std::vector<float> dW = nan_values<float>(40 * 6);
    product_gradients(Matrix<const float>(operands.x.data(), 5, 40),
                      Matrix<const float>(operands.W.data(), 40, 6),
                      Matrix<const float>(operands.dz.data(), 5, 6), Matrix<float>(), {}, {},
                      [&](Index first, const float* gradients, Index count) {
                        std::copy_n(gradients, count, dW.data() + first);
                      });
    CHECK(largest_difference(dW, operands.separate(false).dW) == 0);
  }
}
