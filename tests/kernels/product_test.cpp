// SPDX-License-Identifier: MIT
#include "nn/kernels/product/product.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Activation;
using nn::Index;
using nn::Isa;
using nn::kernels::Matrix;
using nn::kernels::ProductOptions;
using nn::testing::available_isas;
using nn::testing::largest_difference;
using nn::testing::random_values;
using nn::testing::ThreadsForTest;

struct Size {
  Index m, n, k;
};

/// Whether an operand is stored transposed, and how far apart its rows (columns) and its start are
/// from where they would be without gaps. Odd gaps make every row unaligned.
struct Storage {
  bool is_transposed = false;
  Index gap = 0;
  Index offset = 0;
};

/// A matrix inside of a vector that has some more elements before, between and after its rows.
template <class T>
struct Operand {
  std::vector<T> values;
  Matrix<T> matrix;

  Operand(Index rows, Index cols, Storage storage, std::uint64_t seed)
      : values(random_values<T>(storage.offset +
                                    (storage.is_transposed ? (rows + storage.gap) * cols
                                                           : rows * (cols + storage.gap)) +
                                    8,
                                seed)) {
    T* const data = values.data() + storage.offset;
    matrix = storage.is_transposed ? Matrix<T>(data, rows, cols, 1, rows + storage.gap)
                                   : Matrix<T>(data, rows, cols, cols + storage.gap, 1);
  }
  /// The same view of somebody else's values.
  [[nodiscard]] Matrix<T> in(std::vector<T>& other) const {
    return {other.data() + (matrix.data - values.data()), matrix.rows, matrix.cols,
            matrix.row_stride, matrix.col_stride};
  }
};

/// One product by the kernels of `isa` and by the definition: the largest difference anywhere in
/// the memory that c lies in, gaps and surroundings included, in units of what rounding may cause.
template <class T>
double error_of(Isa isa, Size size, Storage a_storage, Storage b_storage, Storage c_storage,
                ProductOptions<T> options = {}) {
  const Operand<T> a(size.m, size.k, a_storage, 1), b(size.k, size.n, b_storage, 2);
  Operand<T> c(size.m, size.n, c_storage, 3);
  std::vector<T> expected = c.values;
  const Operand<T> mask(size.m, size.n, {c_storage.is_transposed, 5, 2}, 4);
  if (options.mask.data != nullptr) options.mask = mask.matrix;
  nn::kernels::naive::product(a.matrix, b.matrix, c.in(expected), options);
  nn::kernels::product_with(isa, a.matrix, b.matrix, c.matrix, options);
  return largest_difference(c.values, expected) / nn::testing::sum_tolerance<T>(size.k);
}

TEST_SUITE("kernels/product") {
  TEST_CASE_TEMPLATE("product: agrees with its definition for sizes small, odd, prime and large", T,
                     float, double) {
    const ThreadsForTest threads(2);
    const std::vector<Size> sizes{{1, 1, 1},     {1, 2, 3},     {2, 1, 5},      {3, 7, 2},
                                  {8, 48, 16},   {9, 49, 17},   {7, 47, 15},    {16, 16, 16},
                                  {5, 10, 128},  {31, 37, 41},  {97, 101, 103}, {128, 10, 128},
                                  {1, 500, 64},  {1, 250, 90},  {1, 128, 131},  {1, 4500, 9},
                                  {4, 129, 300}, {300, 3, 257}, {64, 251, 513}};
    for (const Isa isa : available_isas()) {
      for (const Size& size : sizes) {
        CAPTURE(std::string{nn::to_string(isa)});
        CAPTURE(size.m);
        CAPTURE(size.n);
        CAPTURE(size.k);
        for (const bool is_transposed : {false, true}) {
          const Storage first{is_transposed}, second{!is_transposed};
          CHECK(error_of<T>(isa, size, first, first, {}) <= 1);
          CHECK(error_of<T>(isa, size, first, second, {}) <= 1);
        }
      }
    }
  }

  TEST_CASE_TEMPLATE("product: long sums are cut in slices", T, float, double) {
    const ThreadsForTest threads(2);
    for (const Isa isa : available_isas()) {
      for (const Size& size :
           {Size{3, 5, 2047}, Size{2, 17, 2048}, Size{1, 20, 5003}, Size{10, 8, 9001}}) {
        CAPTURE(std::string{nn::to_string(isa)});
        CAPTURE(size.k);
        CHECK(error_of<T>(isa, size, {}, {}, {}) <= 1);
        CHECK(error_of<T>(isa, size, {true}, {true}, {}) <= 1);
        CHECK(error_of<T>(isa, size, {}, {}, {}, {.accumulate = true}) <= 1);
      }
    }
  }

  TEST_CASE_TEMPLATE("product: reads and writes strided, unaligned views and nothing beside them",
                     T, float, double) {
    for (const Isa isa : available_isas()) {
      for (const Size& size :
           {Size{13, 29, 35}, Size{24, 48, 32}, Size{3, 64, 9}, Size{40, 5, 70}}) {
        for (int storage = 0; storage < 8; ++storage) {
          CAPTURE(std::string{nn::to_string(isa)});
          CAPTURE(size.m);
          CAPTURE(storage);
          const Storage a{(storage & 1) != 0, 3, 1}, b{(storage & 2) != 0, 5, 3},
              c{(storage & 4) != 0, 7, 2};
          CHECK(error_of<T>(isa, size, a, b, c) <= 1);
        }
      }
    }
  }

  TEST_CASE_TEMPLATE("product: bias, activation, mask and accumulation come with it", T, float,
                     double) {
    const std::vector<T> bias = random_values<T>(100, 5);
    const T zero{};
    const Matrix<const T> some_mask(&zero, 1, 1);  // error_of puts one of c's shape in its place
    const std::vector<ProductOptions<T>> all{
        {.bias = bias.data()},
        {.activation = Activation::relu},
        {.bias = bias.data(), .activation = Activation::relu},
        {.bias = bias.data(), .activation = Activation::tanh},
        {.affine = {bias.data(), bias.data()}},
        {.bias = bias.data(),
         .affine = {bias.data(), bias.data()},
         .activation = Activation::relu,
         .mask = some_mask},
        {.bias = bias.data(), .activation = Activation::sigmoid},
        {.mask = some_mask},
        {.bias = bias.data(), .activation = Activation::relu, .mask = some_mask},
        {.accumulate = true}};
    for (const Isa isa : available_isas()) {
      for (const Size& size :
           {Size{17, 67, 20}, Size{1, 10, 3}, Size{3, 100, 600}, Size{9, 21, 0}}) {
        for (std::size_t i = 0; i < all.size(); ++i) {
          CAPTURE(std::string{nn::to_string(isa)});
          CAPTURE(size.m);
          CAPTURE(i);
          CHECK(error_of<T>(isa, size, {}, {true}, {false, 3, 1}, all[i]) <= 1);
          CHECK(error_of<T>(isa, size, {}, {}, {true, 3, 1}, all[i]) <= 1);
        }
      }
    }
  }

  TEST_CASE("product: long sums take their bias, activation and mask once, after the last slice") {
    const std::vector<float> bias = random_values<float>(20, 5);
    const float zero{};
    const Matrix<const float> some_mask(&zero, 1, 1);
    const ProductOptions<float> options{
        .bias = bias.data(), .activation = Activation::sigmoid, .mask = some_mask};
    for (const Isa isa : available_isas()) {
      CHECK(error_of<float>(isa, {6, 20, 4099}, {}, {}, {}, options) <= 1);
    }
  }

  TEST_CASE_TEMPLATE("product: long sums of many blocks", T, float, double) {
    constexpr Index m = 2, n = 1950, k = 2048;
    const auto a = random_values<T>(m * k, 1), b = random_values<T>(k * n, 2);
    const auto bias = random_values<T>(n, 3), mask = random_values<T>(m * n, 4);
    const ProductOptions<T> adds{.accumulate = true};
    const ProductOptions<T> finishes{.bias = bias.data(),
                                     .mask = Matrix<const T>(mask.data(), m, n)};
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      for (const auto& options : {adds, finishes}) {
        CAPTURE(options.accumulate);
        auto c = random_values<T>(m * n, 5), expected = c;
        const Matrix<const T> A(a.data(), m, k), B(b.data(), k, n);
        nn::kernels::product_with(isa, A, B, Matrix<T>(c.data(), m, n), options);
        nn::kernels::naive::product(A, B, Matrix<T>(expected.data(), m, n), options);
        CHECK(largest_difference(c, expected) <= nn::testing::sum_tolerance<T>(k));
      }
    }
  }

  TEST_CASE("product: empty sums are 0, and empty results are left alone") {
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      std::vector<float> c(6, 7.0f);
      const std::vector<float> bias{1, -2, 3};
      nn::kernels::product_with(isa, Matrix<const float>(nullptr, 2, 0),
                                Matrix<const float>(nullptr, 0, 3), Matrix<float>(c.data(), 2, 3));
      CHECK(c == std::vector<float>(6, 0.0f));
      nn::kernels::product_with(isa, Matrix<const float>(nullptr, 2, 0),
                                Matrix<const float>(nullptr, 0, 3), Matrix<float>(c.data(), 2, 3),
                                {.bias = bias.data(), .activation = Activation::relu});
      CHECK(c == std::vector<float>{1, 0, 3, 1, 0, 3});
      nn::kernels::product_with(isa, Matrix<const float>(nullptr, 2, 0),
                                Matrix<const float>(nullptr, 0, 3), Matrix<float>(c.data(), 2, 3),
                                {.accumulate = true});
      CHECK(c == std::vector<float>{1, 0, 3, 1, 0, 3});
      nn::kernels::product_with(isa, Matrix<const float>(nullptr, 0, 4),
                                Matrix<const float>(c.data(), 4, 1), Matrix<float>(c.data(), 0, 1));
      nn::kernels::product_with(isa, Matrix<const float>(c.data(), 1, 4),
                                Matrix<const float>(nullptr, 4, 0), Matrix<float>(c.data(), 1, 0));
      CHECK(c == std::vector<float>{1, 0, 3, 1, 0, 3});
    }
  }

  TEST_CASE("product: NaN and infinity stay in the rows and columns that they belong to") {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    constexpr float infinity = std::numeric_limits<float>::infinity();
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      std::vector<float> a(13 * 20, 1.0f), b(20 * 53, 1.0f), c(13 * 53);
      a[3 * 20 + 7] = nan;                // row 3
      b[11 * 53 + 50] = infinity;         // column 50
      for (const Index rows : {1, 13}) {  // at a time
        for (Index row = 0; row < 13; row += rows) {
          nn::kernels::product_with(isa, Matrix<const float>(a.data() + row * 20, rows, 20),
                                    Matrix<const float>(b.data(), 20, 53),
                                    Matrix<float>(c.data() + row * 53, rows, 53),
                                    {.activation = Activation::relu});
        }
        for (std::size_t i = 0; i < 13; ++i) {
          for (std::size_t j = 0; j < 53; ++j) {
            CAPTURE(rows);
            CAPTURE(i);
            CAPTURE(j);
            if (i == 3) {
              CHECK(std::isnan(c[i * 53 + j]));
            } else {
              CHECK(c[i * 53 + j] == (j == 50 ? infinity : 20.0f));
            }
          }
        }
      }
    }
  }

  TEST_CASE_TEMPLATE("product: bit-identical for any number of threads", T, float, double) {
    for (const Isa isa : available_isas()) {
      for (const Size& size :
           {Size{33, 70, 4500}, Size{700, 40, 30}, Size{20, 900, 64}, Size{1, 64, 9000}}) {
        CAPTURE(std::string{nn::to_string(isa)});
        CAPTURE(size.m);
        const Operand<T> a(size.m, size.k, {}, 1), b(size.k, size.n, {}, 2);
        std::vector<std::vector<T>> results;
        for (const int threads : {1, 2, 3}) {
          const ThreadsForTest scope(threads);
          Operand<T> c(size.m, size.n, {}, 3);
          nn::kernels::product_with(isa, a.matrix, b.matrix, c.matrix);
          results.push_back(c.values);
        }
        CHECK(results[0] == results[1]);
        CHECK(results[0] == results[2]);
      }
    }
  }

  TEST_CASE_TEMPLATE("product: a part of the rows or columns gives the same bits as the whole", T,
                     float, double) {
    for (const Isa isa : available_isas()) {
      for (const Index k : {40, 600, 4200}) {
        CAPTURE(std::string{nn::to_string(isa)});
        CAPTURE(k);
        const Operand<T> a(300, k, {}, 1), b(k, 260, {}, 2);
        Operand<T> whole(300, 260, {}, 3);
        nn::kernels::product_with(isa, a.matrix, b.matrix, whole.matrix);
        for (const Size& part : {Size{1, 260, 7}, Size{1, 10, 8}, Size{1, 131, 60},
                                 Size{5, 260, 290}, Size{300, 3, 0}, Size{11, 57, 100}}) {
          CAPTURE(part.m);
          CAPTURE(part.n);
          const Index row = part.k, col = 260 - part.n;
          Operand<T> c(part.m, part.n, {}, 4);
          nn::kernels::product_with(isa, a.matrix.block(row, 0, part.m, k),
                                    b.matrix.block(0, col, k, part.n), c.matrix);
          bool is_equal = true;
          for (Index i = 0; i < part.m; ++i) {
            for (Index j = 0; j < part.n; ++j) {
              is_equal = is_equal && c.matrix(i, j) == whole.matrix(row + i, col + j);
            }
          }
          CHECK(is_equal);
        }
      }
    }
  }

  TEST_CASE("product: a core's cache decides how many rows a block has, and not how k is cut") {
    using nn::kernels::detail::plan_product;
    const auto small = plan_product(1000, 100, 5000, 8, 48, 128);
    const auto large = plan_product(1000, 100, 5000, 8, 48, 517);
    CHECK(small.rows == 128);
    CHECK(small.row_blocks == 8);
    CHECK(large.rows == 512);
    CHECK(large.row_blocks == 2);
    CHECK(small.slice == large.slice);
    CHECK(small.num_slices == large.num_slices);
    CHECK(nn::kernels::core_cache_bytes() >= 4096);
  }

  TEST_CASE("product: the model's large products agree with their definition") {
    const ThreadsForTest threads(2);
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      CHECK(error_of<float>(isa, {16, 128, 21632}, {}, {}, {}) <= 1);
      CHECK(error_of<float>(isa, {21632, 128, 16}, {true}, {}, {}) <= 1);
      CHECK(error_of<float>(isa, {16, 21632, 128}, {}, {true}, {}) <= 1);
    }
  }

  TEST_CASE("product: uses the instruction set in use, and plain loops for other scalars") {
    const Operand<float> a(9, 20, {}, 1), b(20, 30, {}, 2);
    Operand<float> c(9, 30, {}, 3), expected(9, 30, {}, 3);
    nn::kernels::product(a.matrix, b.matrix, c.matrix);
    nn::kernels::product_with(nn::isa(), a.matrix, b.matrix, expected.matrix);
    CHECK(c.values == expected.values);

    std::vector<long double> x{1, 2, 3, 4}, y(4);
    const Matrix<long double> square(x.data(), 2, 2);
    nn::kernels::product(square, square.transposed(), Matrix<long double>(y.data(), 2, 2));
    CHECK(y == std::vector<long double>{5, 11, 11, 25});
    nn::kernels::column_sums(square, y.data(), true);
    CHECK(y == std::vector<long double>{9, 17, 11, 25});
  }

  TEST_CASE_TEMPLATE("column_sums: agrees with its definition, the same bits for any threads", T,
                     float, double) {
    for (const Isa isa : available_isas()) {
      for (const Size& size : {Size{0, 5, 0}, Size{1, 1, 0}, Size{37, 133, 0}, Size{128, 3000, 0},
                               Size{2500, 70, 0}, Size{1025, 3, 0}, Size{1100, 1030, 0}}) {
        for (const Storage& storage : {Storage{}, Storage{false, 3, 1}, Storage{true, 0, 0}}) {
          for (const bool accumulate : {false, true}) {
            CAPTURE(std::string{nn::to_string(isa)});
            CAPTURE(size.m);
            CAPTURE(size.n);
            CAPTURE(accumulate);
            const Operand<T> x(size.m, size.n, storage, 1);
            std::vector<T> sums = random_values<T>(size.n + 8, 2), expected = sums, threaded = sums;
            nn::kernels::naive::column_sums(x.matrix, expected.data(), accumulate);
            {
              const ThreadsForTest one(1);
              nn::kernels::column_sums_with(isa, x.matrix, sums.data(), accumulate);
            }
            const ThreadsForTest three(3);
            nn::kernels::column_sums_with(isa, x.matrix, threaded.data(), accumulate);
            CHECK(largest_difference(sums, expected) <= nn::testing::sum_tolerance<T>(size.m));
            CHECK(sums == threaded);
          }
        }
      }
    }
  }
}

}  // namespace
