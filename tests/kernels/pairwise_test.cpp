// SPDX-License-Identifier: MIT
#include "nn/kernels/elementwise/pairwise.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "nn/kernels/rows/copy.hpp"
#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Index;
using nn::Isa;
using nn::kernels::Pairwise;
using namespace nn::testing;

constexpr Index pair_counts[] = {0, 1, 3, 7, 16, 31, 64, 100};

/// Small whole numbers, so that there are ties, and some that are not a number.
template <class T>
std::vector<T> values_with_nan(Index count, std::uint64_t seed) {
  auto values = random_values<T>(count, seed);
  for (T& value : values) value = std::round(2 * value);
  const auto step = static_cast<std::size_t>(5 + seed);
  for (std::size_t i = step; i < values.size(); i += step) {
    values[i] = std::numeric_limits<T>::quiet_NaN();
  }
  return values;
}

template <Pairwise operation, class T>
void check_pairwise(Isa isa, Index count) {
  using namespace nn::kernels;
  const auto a = values_with_nan<T>(count, 1), b = values_with_nan<T>(count, 2);
  auto y = nan_values<T>(count), expected = y;
  naive::pairwise<operation>(count, a.data(), b.data(), expected.data());
  NN_DISPATCH_TO(isa, pairwise<operation>, count, a.data(), b.data(), y.data());
  CHECK(largest_difference(y, expected) == 0);
}

}  // namespace

TEST_SUITE("kernels/pairwise") {
  TEST_CASE_TEMPLATE("Pairwise: every instruction set agrees with the naive loops", T, float,
                     double) {
    for (const Isa isa : available_isas()) {
      for (const Index count : pair_counts) {
        CAPTURE(std::string{nn::to_string(isa)});
        CAPTURE(count);
        check_pairwise<Pairwise::add, T>(isa, count);
        check_pairwise<Pairwise::subtract, T>(isa, count);
        check_pairwise<Pairwise::multiply, T>(isa, count);
        check_pairwise<Pairwise::maximum, T>(isa, count);
        check_pairwise<Pairwise::minimum, T>(isa, count);
      }
    }
  }

  TEST_CASE_TEMPLATE("Pairwise: the gradient where equal is the naive one", T, float, double) {
    using namespace nn::kernels;
    for (const Isa isa : available_isas()) {
      for (const Index count : pair_counts) {
        for (const bool is_written : {true, false}) {
          CAPTURE(std::string{nn::to_string(isa)});
          CAPTURE(count);
          const auto x = values_with_nan<T>(count, 1), y = values_with_nan<T>(count, 2);
          auto dy = random_values<T>(count, 3), expected_dy = dy;
          auto dx = nan_values<T>(count), expected = dx;
          T* const to = is_written ? dx.data() : nullptr;
          T* const expected_to = is_written ? expected.data() : nullptr;
          naive::take_where_equal(count, x.data(), y.data(), expected_dy.data(), expected_to);
          NN_DISPATCH_TO(isa, take_where_equal, count, x.data(), y.data(), dy.data(), to);
          CHECK(largest_difference(dx, expected) == 0);
          CHECK(largest_difference(dy, expected_dy) == 0);
        }
      }
    }
  }

  TEST_CASE("Pairwise: the operations have the known values, also in place") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const std::vector<double> a{1, 5, nan, 3}, b{2, 4, 1, nan};
    const auto result = [&]<Pairwise operation>() {
      std::vector<double> y = a;
      nn::kernels::pairwise<operation>(3, y.data(), b.data(), y.data());
      CHECK(std::isnan(y[2]));
      return std::vector<double>(y.begin(), y.begin() + 2);
    };
    CHECK(result.operator()<Pairwise::add>() == std::vector<double>{3, 9});
    CHECK(result.operator()<Pairwise::subtract>() == std::vector<double>{-1, 1});
    CHECK(result.operator()<Pairwise::multiply>() == std::vector<double>{2, 20});
    CHECK(result.operator()<Pairwise::maximum>() == std::vector<double>{2, 5});
    CHECK(result.operator()<Pairwise::minimum>() == std::vector<double>{1, 4});
    double y[4];
    nn::kernels::pairwise<Pairwise::maximum>(4, a.data(), b.data(), y);
    CHECK(std::isnan(y[3]));
  }

  TEST_CASE("Pairwise: large blocks, with any number of threads") {
    const Index count = 3 * nn::kernels::block_size + 5;
    const auto a = random_values<float>(count, 3), b = random_values<float>(count, 4);
    std::vector<float> expected(a.size()), expected_dy = a, expected_dx(a.size());
    nn::kernels::naive::pairwise<Pairwise::maximum>(count, a.data(), b.data(), expected.data());
    nn::kernels::naive::take_where_equal(count, a.data(), expected.data(), expected_dy.data(),
                                         expected_dx.data());
    for (const int threads : {1, 2, 3}) {
      CAPTURE(threads);
      const ThreadsForTest use(threads);
      std::vector<float> y(a.size()), dy = a, dx(a.size()), copied(a.size());
      nn::kernels::pairwise<Pairwise::maximum>(count, a.data(), b.data(), y.data());
      CHECK(y == expected);
      nn::kernels::take_where_equal(count, a.data(), y.data(), dy.data(), dx.data());
      CHECK(dx == expected_dx);
      CHECK(dy == expected_dy);
      nn::kernels::copy(count, a.data(), copied.data());
      CHECK(copied == a);
    }
  }
}

TEST_SUITE("kernels/copy") {
  TEST_CASE("Copy: columns of a matrix into those of another one") {
    using nn::kernels::Matrix;
    const std::vector<double> x{1, 2, 3, 4, 5, 6};
    std::vector<double> y(8, 0);
    nn::kernels::copy_rows(Matrix<const double>(x.data() + 1, 2, 2, 3, 1),
                           Matrix<double>(y.data() + 1, 2, 2, 4, 1));
    CHECK(y == std::vector<double>{0, 2, 3, 0, 0, 5, 6, 0});
    nn::kernels::copy_rows(Matrix<const double>(x.data(), 2, 3), Matrix<double>(y.data(), 2, 3));
    CHECK(y == std::vector<double>{1, 2, 3, 4, 5, 6, 6, 0});
  }
}
