// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "nn/kernels/quantized/product.hpp"
#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Activation;
using nn::Index;
using nn::Isa;
using nn::NumberFormat;
using nn::kernels::Matrix;
using nn::kernels::ProductOptions;
using nn::kernels::QuantizedMatrix;
using nn::testing::available_isas;
using nn::testing::largest_difference;
using nn::testing::random_values;
using nn::testing::ThreadsForTest;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

struct Size {
  Index m, n, k;
};

/// x [m, k], W [k, n] with columns of different size, and a bias [n].
struct Operands {
  Size size;
  std::vector<float> x, W, bias;

  explicit Operands(Size of)
      : size(of),
        x(random_values<float>(of.m * of.k, 1)),
        W(random_values<float>(of.k * of.n, 2)),
        bias(random_values<float>(of.n, 3)) {
    for (Index i = 0; i < of.k * of.n; ++i) {
      W[static_cast<std::size_t>(i)] *= static_cast<float>(1 + i % of.n);
    }
  }
  [[nodiscard]] Matrix<const float> rows(Index first, Index count) const {
    return {x.data() + first * size.k, count, size.k};
  }
  [[nodiscard]] QuantizedMatrix quantized(NumberFormat format) const {
    return {format, Matrix<const float>(W.data(), size.k, size.n)};
  }
};

std::vector<float> product_of(Isa isa, Matrix<const float> x, const QuantizedMatrix& W,
                              const ProductOptions<float>& options = {}) {
  std::vector<float> y = nn::testing::nan_values<float>(x.rows * W.cols());
  nn::kernels::quantized_product_with(isa, x, W, Matrix<float>(y.data(), x.rows, W.cols()),
                                      options);
  return y;
}

/// The definition in double: x quantised block by block for int8, as it is for bfloat16.
std::vector<float> naive_product(Matrix<const float> x, const QuantizedMatrix& W,
                                 const ProductOptions<float>& options = {}) {
  std::vector<float> y;
  for (Index i = 0; i < x.rows; ++i) {
    std::vector<double> activations;
    for (Index first = 0; first < x.cols; first += QuantizedMatrix::depth) {
      const Index end = std::min(x.cols, first + QuantizedMatrix::depth);
      float largest = 0;
      for (Index k = first; k < end; ++k) largest = std::max(largest, std::abs(x(i, k)));
      const float scale = largest / 127;
      for (Index k = first; k < end; ++k) {
        const double q = std::nearbyint(x(i, k) * (1 / scale)) * static_cast<double>(scale);
        activations.push_back(W.format() == NumberFormat::int8 ? q : double{x(i, k)});
      }
    }
    for (Index j = 0; j < W.cols(); ++j) {
      double sum = options.bias == nullptr ? 0 : double{options.bias[j]};
      for (Index k = 0; k < x.cols; ++k) {
        sum += activations[static_cast<std::size_t>(k)] * double{W.value(k, j)};
      }
      y.push_back(static_cast<float>(nn::kernels::activate(options.activation, sum)));
    }
  }
  return y;
}

TEST_SUITE("kernels/quantized_product") {
  TEST_CASE("to_bfloat16: rounds to nearest, ties to even, and keeps NaN and infinity") {
    const auto rounded = [](float x) {
      return std::bit_cast<float>(std::uint32_t{nn::to_bfloat16(x)} << 16);
    };
    CHECK(rounded(1.0f) == 1.0f);
    CHECK(rounded(1.0f + 0x1p-8f) == 1.0f);
    CHECK(rounded(1.0f + 0x3p-8f) == 1.0f + 0x1p-6f);
    CHECK(rounded(-1.0f - 0x1.1p-8f) == -1.0f - 0x1p-7f);
    CHECK(rounded(infinity) == infinity);
    CHECK(std::isnan(rounded(nan)));
    CHECK(std::isnan(rounded(std::bit_cast<float>(0x7F800001u))));  // its payload is all rounded
  }

  TEST_CASE("QuantizedMatrix: weights are off by half a step at most") {
    const Operands operands({1, 37, 1029});
    const QuantizedMatrix int8 = operands.quantized(NumberFormat::int8);
    const QuantizedMatrix bfloat16 = operands.quantized(NumberFormat::bfloat16);
    double worst_int8 = 0, worst_bfloat16 = 0;
    for (Index i = 0; i < 1029; ++i) {
      for (Index j = 0; j < 37; ++j) {
        const double w = operands.W[static_cast<std::size_t>(i * 37 + j)];
        worst_int8 =
            std::max(worst_int8, std::abs(double{int8.value(i, j)} - w) / double{int8.scales()[j]});
        worst_bfloat16 =
            std::max(worst_bfloat16, std::abs(double{bfloat16.value(i, j)} - w) / std::abs(w));
      }
    }
    CHECK(worst_int8 <= 0.5 * (1 + 0x1p-9));  // a scale is rounded to 16 bits
    CHECK(worst_bfloat16 <= 0x1p-8);
  }

  TEST_CASE("QuantizedMatrix: scales are rounded to nearest, to 16 significant bits") {
    const Operands operands({1, 37, 5});
    const QuantizedMatrix W = operands.quantized(NumberFormat::int8);
    for (Index j = 0; j < 37; ++j) {
      double largest = 0;
      for (Index i = 0; i < 5; ++i) {
        largest =
            std::max(largest, std::abs(double{operands.W[static_cast<std::size_t>(i * 37 + j)]}));
      }
      CAPTURE(j);
      CHECK(std::abs(W.scales()[j] / (largest / 127) - 1) <= 0x1p-16 + 0x1p-24);
      CHECK((std::bit_cast<std::uint32_t>(W.scales()[j]) & 0xFFu) == 0);
    }
  }

  TEST_CASE("QuantizedMatrix: quantising again changes nothing") {
    const Operands operands({1, 19, 300});
    for (const NumberFormat format : {NumberFormat::int8, NumberFormat::bfloat16}) {
      const QuantizedMatrix once = operands.quantized(format);
      std::vector<float> values;
      for (Index i = 0; i < 300; ++i) {
        for (Index j = 0; j < 19; ++j) values.push_back(once.value(i, j));
      }
      const QuantizedMatrix twice(format, Matrix<const float>(values.data(), 300, 19));
      bool is_equal = true;
      for (Index i = 0; i < 300; ++i) {
        for (Index j = 0; j < 19; ++j) {
          is_equal = is_equal && twice.value(i, j) == once.value(i, j);
        }
      }
      CHECK(is_equal);
    }
  }

  TEST_CASE("quantized_product: agrees with its definition for every instruction set and size") {
    const ThreadsForTest threads(2);
    for (const Size size : {Size{1, 1, 1}, Size{2, 3, 5}, Size{4, 16, 4}, Size{5, 64, 1024},
                            Size{1, 130, 2051}, Size{7, 33, 1025}, Size{70, 100, 35}}) {
      const Operands operands(size);
      const auto x = operands.rows(0, size.m);
      for (const NumberFormat format : {NumberFormat::int8, NumberFormat::bfloat16}) {
        const QuantizedMatrix W = operands.quantized(format);
        const auto expected = naive_product(x, W);
        // Rounding of sums, whose terms are up to n.
        const double tolerance =
            nn::testing::sum_tolerance<float>(size.k) * static_cast<double>(size.n);
        for (const Isa isa : available_isas()) {
          CAPTURE(std::string{nn::to_string(isa)});
          CAPTURE(std::string{nn::to_string(format)});
          CAPTURE(size.n);
          CAPTURE(size.k);
          CHECK(largest_difference(product_of(isa, x, W), expected) <= tolerance);
        }
      }
    }
  }

  TEST_CASE("quantized_product: int8 gives the same bits on every instruction set") {
    const Operands operands({6, 90, 3000});
    const QuantizedMatrix W = operands.quantized(NumberFormat::int8);
    const auto expected = product_of(Isa::portable, operands.rows(0, 6), W);
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      CHECK(product_of(isa, operands.rows(0, 6), W) == expected);
    }
  }

  TEST_CASE("quantized_product: bias and activation come with it") {
    const Operands operands({5, 37, 60});
    for (const NumberFormat format : {NumberFormat::int8, NumberFormat::bfloat16}) {
      const QuantizedMatrix W = operands.quantized(format);
      for (const Activation activation : {Activation::relu, Activation::sigmoid}) {
        const ProductOptions<float> options{.bias = operands.bias.data(), .activation = activation};
        const auto expected = naive_product(operands.rows(0, 5), W, options);
        for (const Isa isa : available_isas()) {
          CAPTURE(std::string{nn::to_string(isa)});
          const auto y = product_of(isa, operands.rows(0, 5), W, options);
          CHECK(largest_difference(y, expected) <= 37 * nn::testing::sum_tolerance<float>(60));
        }
      }
    }
  }

  TEST_CASE("quantized_product: a row gives the same bits alone, for any number of threads") {
    const Operands operands({70, 200, 2100});
    for (const NumberFormat format : {NumberFormat::int8, NumberFormat::bfloat16}) {
      const QuantizedMatrix W = operands.quantized(format);
      for (const Isa isa : available_isas()) {
        CAPTURE(std::string{nn::to_string(isa)});
        CAPTURE(std::string{nn::to_string(format)});
        const auto whole = product_of(isa, operands.rows(0, 70), W);
        for (const int threads : {1, 3}) {
          const ThreadsForTest scope(threads);
          CHECK(product_of(isa, operands.rows(0, 70), W) == whole);
          for (const Index number : {13, 66}) {  // one of many rows, and of the few at the end
            const auto row = product_of(isa, operands.rows(number, 1), W);
            CHECK(std::equal(row.begin(), row.end(), whole.data() + number * 200));
          }
        }
      }
    }
  }

  TEST_CASE("quantized_product: rows and columns that are not finite become NaN, others stay") {
    for (const float bad : {nan, infinity, -infinity}) {
      Operands operands({6, 40, 50});
      const QuantizedMatrix good_weights = operands.quantized(NumberFormat::int8);
      const auto expected = product_of(Isa::portable, operands.rows(0, 6), good_weights);
      operands.x[3 * 50 + 7] = bad;
      operands.W[20 * 40 + 21] = bad;
      const QuantizedMatrix W = operands.quantized(NumberFormat::int8);
      for (const Isa isa : available_isas()) {
        CAPTURE(std::string{nn::to_string(isa)});
        const auto y = product_of(isa, operands.rows(0, 6), W, {.activation = Activation::relu});
        bool is_as_said = true;
        for (std::size_t i = 0; i < 6; ++i) {
          for (std::size_t j = 0; j < 40; ++j) {
            const float element = y[i * 40 + j];
            is_as_said =
                is_as_said && (i == 3 || j == 21 ? std::isnan(element)
                                                 : element == std::max(0.0f, expected[i * 40 + j]));
          }
        }
        CHECK(is_as_said);
      }
    }
  }

  TEST_CASE("quantized_product: rows near the end of float's range give finite results") {
    Operands operands({3, 21, 2100});
    for (Index k = 0; k < 2100; ++k) {
      operands.x[static_cast<std::size_t>(2100 + k)] *= 0x1p120f;  // the second row
    }
    for (float& w : operands.W) w *= 0x1p-30f;
    const QuantizedMatrix W = operands.quantized(NumberFormat::int8);
    ProductOptions<float> options{.bias = operands.bias.data(), .activation = Activation::relu};
    const auto expected = naive_product(operands.rows(0, 3), W, options);
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      const auto y = product_of(isa, operands.rows(0, 3), W, options);
      for (std::size_t i = 0; i < y.size(); ++i) {
        CAPTURE(i);
        CHECK(y[i] == doctest::Approx(expected[i]).epsilon(1e-5));
      }
    }
  }

  TEST_CASE("quantized_product: bfloat16 carries NaN and infinity as floats do") {
    Operands operands({3, 40, 50});
    operands.x[1 * 50 + 7] = nan;
    operands.W[20 * 40 + 21] = infinity;
    const QuantizedMatrix W = operands.quantized(NumberFormat::bfloat16);
    const auto expected = naive_product(operands.rows(0, 3), W);
    for (const Isa isa : available_isas()) {
      const auto y = product_of(isa, operands.rows(0, 3), W);
      for (std::size_t i = 0; i < y.size(); ++i) {
        CAPTURE(i);
        CHECK(std::isnan(y[i]) == std::isnan(expected[i]));
        CHECK(std::isinf(y[i]) == std::isinf(expected[i]));
      }
    }
  }

  TEST_CASE("quantized_product: rows of zeros, of very small numbers and of none") {
    const std::vector<float> W(64, 2.0f), bias{1, -2};
    for (const NumberFormat format : {NumberFormat::int8, NumberFormat::bfloat16}) {
      const QuantizedMatrix weights(format, Matrix<const float>(W.data(), 32, 2));
      const QuantizedMatrix nothing(format, Matrix<const float>(nullptr, 0, 2));
      const ProductOptions<float> options{.bias = bias.data()};
      for (const Isa isa : available_isas()) {
        for (const float x : {0.0f, 1e-42f}) {
          const std::vector<float> row(32, x);
          const auto y = product_of(isa, Matrix<const float>(row.data(), 1, 32), weights, options);
          CHECK(y == bias);  // 1e-42 disappears beside 1
        }
        CHECK(product_of(isa, Matrix<const float>(nullptr, 1, 0), nothing, options) == bias);
        CHECK(product_of(isa, Matrix<const float>(nullptr, 0, 32), weights, options).empty());
      }
    }
  }
}

}  // namespace
