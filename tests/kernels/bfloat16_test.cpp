// SPDX-License-Identifier: MIT
#include "nn/kernels/bfloat16/bfloat16.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "nn/kernels/product/product.hpp"
#include "tests/kernels/kernel_testing.hpp"

namespace {

using namespace nn::kernels;
using namespace nn::testing;
using nn::Index;
using nn::Isa;
using nn::round_to_bfloat16;

struct Size {
  Index m, n, k;
};

struct Factor {
  std::vector<float> values, rounded;
  Index rows, cols;
  bool is_transposed;

  Factor(Index num_rows, Index num_cols, bool transposed, std::uint64_t seed)
      : values(random_values<float>(num_rows * num_cols, seed)),
        rounded(values),
        rows(num_rows),
        cols(num_cols),
        is_transposed(transposed) {
    for (float& x : rounded) x = round_to_bfloat16(x);
  }
  template <class T>
  [[nodiscard]] Matrix<const T> view(const std::vector<T>& of) const {
    if (is_transposed) return Matrix<const T>(of.data(), cols, rows).transposed();
    return Matrix<const T>(of.data(), rows, cols);
  }
};

bool takes_bfloat16(Isa isa) {
  return detail::product_kernels<float>(isa, bfloat16_products).to_bfloat16 != nullptr;
}

std::vector<nn::Bfloat16> rounded(Isa isa, const std::vector<float>& x) {
  std::vector<nn::Bfloat16> result(x.size());
  detail::product_kernels<float>(isa, bfloat16_products)
      .to_bfloat16(static_cast<Index>(x.size()), x.data(), result.data());
  return result;
}

/// The largest difference between the product in bfloat16 and the definition's with rounded
/// operands, in units of what rounding of sums may cause.
double error_of(Isa isa, Size size, bool a_transposed, bool b_transposed,
                ProductOptions<float> options = {}) {
  const Factor a(size.m, size.k, a_transposed, 1), b(size.k, size.n, b_transposed, 2);
  std::vector<float> c = random_values<float>(size.m * size.n, 3), expected = c;
  naive::product(a.view(a.rounded), b.view(b.rounded),
                 Matrix<float>(expected.data(), size.m, size.n), options);
  options.precision = bfloat16_products;
  product_with(isa, a.view(a.values), b.view(b.values), Matrix<float>(c.data(), size.m, size.n),
               options);
  return largest_difference(c, expected) / sum_tolerance<float>(size.k);
}

}  // namespace

TEST_SUITE("kernels/bfloat16") {
  TEST_CASE("round_to_bfloat16: to the nearest of 8 significant bits, ties to even") {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    constexpr float step = 0x1p-7f;  // between neighbours above 1
    CHECK(round_to_bfloat16(1 + step) == 1 + step);
    CHECK(round_to_bfloat16(1 + 0.49f * step) == 1);
    CHECK(round_to_bfloat16(1 + 0.5f * step) == 1);
    CHECK(round_to_bfloat16(1 + 0.51f * step) == 1 + step);
    CHECK(round_to_bfloat16(-1 - 1.5f * step) == -1 - 2 * step);
    CHECK(round_to_bfloat16(0x1.fffffep+127f) == infinity);
    CHECK(round_to_bfloat16(-infinity) == -infinity);
    CHECK(std::signbit(round_to_bfloat16(-0.0f)));
    CHECK(std::isnan(round_to_bfloat16(std::numeric_limits<float>::quiet_NaN())));
  }

  TEST_CASE("round_to_bfloat16: whole vectors and their ends as single numbers") {
    std::vector<float> x = random_values<float>(67, 4);
    constexpr float infinity = std::numeric_limits<float>::infinity(), step = 0x1p-8f;
    const float special[] = {0,
                             -0.0f,
                             infinity,
                             -infinity,
                             0x1.fffffep+127f,
                             NAN,
                             -NAN,
                             1 + step,
                             1 + 3 * step,
                             -1 - step,
                             1e-40f,
                             std::bit_cast<float>(0x7F800001u)};
    std::copy(std::begin(special), std::end(special), x.begin() + 28);
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      std::vector<float> y(x.size() + 1, 7.0f);
      NN_DISPATCH_TO(isa, round_to_bfloat16, static_cast<Index>(x.size()), x.data(), y.data());
      for (std::size_t i = 0; i < x.size(); ++i) {
        CHECK(std::bit_cast<std::uint32_t>(y[i]) ==
              std::bit_cast<std::uint32_t>(round_to_bfloat16(x[i])));
      }
      CHECK(y.back() == 7);
    }
  }

  TEST_CASE("product: in bfloat16, agrees with the product of rounded operands") {
    const ThreadsForTest threads(2);
    for (const Isa isa : available_isas()) {
      for (const Size& size : {Size{1, 1, 1},
                               {3, 5, 7},
                               {8, 48, 64},
                               {9, 49, 33},
                               {17, 100, 513},
                               {1, 10, 128},
                               {40, 70, 1025},
                               {16, 33, 3000},
                               {5, 16, 0},
                               {300, 7, 20},
                               {2, 200, 31},
                               {65, 96, 544}}) {
        for (int storage = 0; storage < 4; ++storage) {
          CAPTURE(std::string{nn::to_string(isa)});
          CAPTURE(size.m);
          CAPTURE(size.k);
          CAPTURE(storage);
          const bool a_transposed = (storage & 1) != 0, b_transposed = (storage & 2) != 0;
          CHECK(error_of(isa, size, a_transposed, b_transposed) <= 1);
          CHECK(error_of(isa, size, a_transposed, b_transposed, {.accumulate = true}) <= 1);
        }
      }
    }
  }

  TEST_CASE("product: in bfloat16, an a that is rounded already gives the same bits") {
    const ThreadsForTest threads(2);
    for (const Isa isa : available_isas()) {
      if (!takes_bfloat16(isa)) continue;
      for (const Size& size : {Size{1, 1, 1},
                               {3, 5, 7},
                               {9, 49, 33},
                               {17, 100, 513},
                               {40, 70, 1025},
                               {33, 33, 3000},
                               {300, 7, 20},
                               {128, 64, 544}}) {
        for (const bool transposed : {false, true}) {
          CAPTURE(std::string{nn::to_string(isa)});
          CAPTURE(size.m);
          CAPTURE(size.k);
          CAPTURE(transposed);
          const Factor a(size.m, size.k, transposed, 1), b(size.k, size.n, false, 2);
          const std::vector<nn::Bfloat16> rounded_a = rounded(isa, a.values);
          std::vector<float> c(static_cast<std::size_t>(size.m * size.n)), expected = c;
          product_with(isa, a.view(a.values), b.view(b.values),
                       Matrix<float>(expected.data(), size.m, size.n),
                       {.precision = bfloat16_products});
          product_with(isa, Operand<float>(a.view(rounded_a)), b.view(b.values),
                       Matrix<float>(c.data(), size.m, size.n), {.precision = bfloat16_products});
          CHECK(c == expected);
        }
      }
    }
  }

  TEST_CASE("to_bfloat16, relu_gradient: whole vectors and their ends, and no further") {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN(), step = 0x1p-8f;
    for (const Isa isa : available_isas()) {
      if (!takes_bfloat16(isa)) continue;
      const auto kernels = detail::product_kernels<float>(isa, bfloat16_products);
      for (const Index count : {0, 1, 15, 16, 17, 31, 32, 33, 67}) {
        CAPTURE(count);
        std::vector<float> x = random_values<float>(67, 4), dx(68, 5.0f);
        const float special[] = {0, -0.0f, nan, -nan, 1 + step, 1 + 3 * step, -INFINITY, INFINITY};
        std::copy(std::begin(special), std::end(special), x.begin());
        std::copy(std::begin(special), std::end(special), x.begin() + 40);
        std::vector<nn::Bfloat16> to(68, 7);
        kernels.to_bfloat16(count, x.data(), to.data());
        kernels.relu_gradient(count, to.data(), dx.data());
        for (std::size_t i = 0; i < to.size(); ++i) {
          CAPTURE(i);
          if (i < static_cast<std::size_t>(count)) {
            CHECK(to[i] == nn::to_bfloat16(x[i]));
            CHECK(dx[i] == (x[i] <= 0 ? 0 : 5));
          } else {
            CHECK(to[i] == 7);
            CHECK(dx[i] == 5);
          }
        }
      }
    }
  }

  TEST_CASE("product: in bfloat16, takes views that are strided both ways") {
    constexpr Index m = 9, n = 21, k = 30;
    const std::vector<float> a = random_values<float>(m * k * 6, 7),
                             b = random_values<float>(k * n * 6, 8);
    std::vector<float> near_a, near_b, expected(m * n), c(m * n);
    const Matrix<const float> a_view(a.data(), m, k, 3 * k, 2), b_view(b.data(), k, n, 2, 3 * k);
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j < k; ++j) near_a.push_back(a_view(i, j));
    for (Index i = 0; i < k; ++i)
      for (Index j = 0; j < n; ++j) near_b.push_back(b_view(i, j));
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      product_with(isa, Matrix<const float>(near_a.data(), m, k),
                   Matrix<const float>(near_b.data(), k, n), Matrix<float>(expected.data(), m, n),
                   {.precision = bfloat16_products});
      product_with(isa, a_view, b_view, Matrix<float>(c.data(), m, n),
                   {.precision = bfloat16_products});
      for (std::size_t i = 0; i < c.size(); ++i) CHECK(std::abs(c[i] - expected[i]) < 1e-5f);
    }
  }

  TEST_CASE("product: in bfloat16, bias, activation and mask stay in float") {
    const std::vector<float> bias = random_values<float>(100, 5);
    std::vector<float> masks = random_values<float>(2300, 6);
    for (std::size_t i = 0; i < masks.size(); i += 5) masks[i] = 0;
    const auto mask = [&](Index rows, Index cols) {
      return Matrix<const float>(masks.data(), rows, cols, cols + 3, 1);
    };
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      for (const Index k : {0, 9, 600}) {
        CAPTURE(k);
        CHECK(error_of(isa, {21, 100, k}, false, false, {.bias = bias.data()}) <= 1);
        CHECK(error_of(isa, {21, 100, k}, false, true,
                       {.bias = bias.data(), .activation = nn::Activation::relu}) <= 1);
        CHECK(error_of(isa, {21, 100, k}, true, false, {.mask = mask(21, 100)}) <= 1);
        CHECK(error_of(isa, {65, 32, k}, true, true, {.mask = mask(65, 32)}) <= 1);
      }
    }
  }

  TEST_CASE("product: in bfloat16, rounds its operands and nothing else") {
    // 1 + 2^-9 becomes 1; the sum 1 + 2^-9 of exact products does not.
    const std::vector<float> a{1 + 0x1p-9f, 1}, b{1, 0x1p-9f};
    for (const Isa isa : available_isas()) {
      float c = 0;
      product_with(isa, Matrix<const float>(a.data(), 1, 2), Matrix<const float>(b.data(), 2, 1),
                   Matrix<float>(&c, 1, 1), {.precision = bfloat16_products});
      CHECK(c == 1 + 0x1p-9f);
      product_with(isa, Matrix<const float>(a.data(), 1, 2), Matrix<const float>(b.data(), 2, 1),
                   Matrix<float>(&c, 1, 1));
      CHECK(c == 1 + 0x1p-8f);
    }
  }

  TEST_CASE("product: in bfloat16, NaN and infinity stay in their rows and columns") {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    constexpr float infinity = std::numeric_limits<float>::infinity();
    for (const Isa isa : available_isas()) {
      std::vector<float> a(13 * 21, 1.0f), b(21 * 53, 1.0f), c(13 * 53), expected(13 * 53, 21.0f);
      a[3 * 21 + 7] = nan;
      b[11 * 53 + 50] = infinity;
      for (std::size_t i = 0; i < 13; ++i) expected[i * 53 + 50] = infinity;
      for (std::size_t j = 0; j < 53; ++j) expected[3 * 53 + j] = nan;
      product_with(isa, Matrix<const float>(a.data(), 13, 21),
                   Matrix<const float>(b.data(), 21, 53), Matrix<float>(c.data(), 13, 53),
                   {.precision = bfloat16_products});
      bool is_equal = true;
      for (std::size_t i = 0; i < c.size(); ++i) {
        is_equal =
            is_equal && (c[i] == expected[i] || (std::isnan(c[i]) && std::isnan(expected[i])));
      }
      CHECK_MESSAGE(is_equal, nn::to_string(isa));
    }
  }

  TEST_CASE("product: in bfloat16, bit-identical for any number of threads") {
    for (const Isa isa : available_isas()) {
      for (const Size& size : {Size{33, 70, 4500}, Size{700, 40, 30}, Size{1, 64, 9000}}) {
        CAPTURE(std::string{nn::to_string(isa)});
        CAPTURE(size.m);
        const Factor a(size.m, size.k, false, 1), b(size.k, size.n, false, 2);
        std::vector<std::vector<float>> results;
        for (const int threads : {1, 2, 3}) {
          const ThreadsForTest scope(threads);
          results.emplace_back(static_cast<std::size_t>(size.m * size.n));
          product_with(isa, a.view(a.values), b.view(b.values),
                       Matrix<float>(results.back().data(), size.m, size.n),
                       {.precision = bfloat16_products});
        }
        CHECK(results[0] == results[1]);
        CHECK(results[0] == results[2]);
      }
    }
  }
}
