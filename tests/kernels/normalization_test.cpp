// SPDX-License-Identifier: MIT
#include "nn/kernels/normalization/normalization.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Index;
using nn::Isa;
using namespace nn::testing;
using namespace nn::kernels;

struct Sizes {
  Index rows, cols;
};

/// Rows that are folded, cut in strips, and neither; pieces of many rows and of few.
constexpr Sizes all_sizes[] = {{0, 3},   {1, 1},     {1, 3},     {5, 4},    {6000, 1}, {9001, 3},
                               {700, 7}, {2100, 64}, {300, 130}, {70, 300}, {21, 2500}};

/// The vectors [cols] that the passes read.
template <class T>
struct Columns {
  std::vector<T> mean, scale, slope, shift;
  explicit Columns(Index cols)
      : mean(random_values<T>(cols, 3)),
        scale(random_values<T>(cols, 4)),
        slope(random_values<T>(cols, 5)),
        shift(random_values<T>(cols, 6)) {}
};

/// All that the four functions make of a matrix, one after the other.
template <class T>
std::vector<std::vector<T>> results(const Sizes& s, bool naively) {
  const auto x = random_values<T>(s.rows * s.cols, 1), dy = random_values<T>(s.rows * s.cols, 2);
  const Columns<T> c(s.cols);
  std::vector<std::vector<T>> all(4, nan_values<T>(s.cols));
  all.resize(7, nan_values<T>(s.rows * s.cols));
  const auto run = [&](auto moments, auto scale, auto products, auto combine) {
    moments(s.rows, s.cols, x.data(), all[0].data(), all[1].data());
    products(s.rows, s.cols, x.data(), dy.data(), c.mean.data(), all[2].data(), all[3].data());
    scale(s.rows, s.cols, x.data(), c.mean.data(), c.scale.data(), c.shift.data(), all[4].data(),
          true);
    for (const bool masks : {false, true}) {
      combine(s.rows, s.cols, x.data(), dy.data(), c.mean.data(), c.scale.data(), c.slope.data(),
              c.shift.data(), all[masks ? 6 : 5].data(), masks);
    }
  };
  if (naively) {
    run(naive::column_moments<T>, naive::shift_and_scale<T>, naive::column_products<T>,
        naive::combine_columns<T>);
  } else {
    run(column_moments<T>, shift_and_scale<T>, column_products<T>, combine_columns<T>);
  }
  return all;
}

}  // namespace

TEST_SUITE("kernels/normalization") {
  TEST_CASE_TEMPLATE("Normalization: every instruction set agrees with the naive loops", T, float,
                     double) {
    for (const Isa set : available_isas())
      for (const Index width : {1, 3, 8, 16, 37}) {
        CAPTURE(std::string{nn::to_string(set)});
        CAPTURE(width);
        const Index rows = 5, stride = width + 2;
        // The rows lie apart in `x` and `dy`, side by side in the twins' operands.
        const auto x = random_values<T>(rows * stride, 1), dy = random_values<T>(rows * stride, 2);
        std::vector<T> dense_x, dense_dy;
        for (Index i = 0; i < rows; ++i) {
          dense_x.insert(dense_x.end(), &x[static_cast<std::size_t>(i * stride)],
                         &x[static_cast<std::size_t>(i * stride)] + width);
          dense_dy.insert(dense_dy.end(), &dy[static_cast<std::size_t>(i * stride)],
                          &dy[static_cast<std::size_t>(i * stride)] + width);
        }
        const Columns<T> c(width);
        const double tolerance = sum_tolerance<T>(4 * rows);
        std::vector<T> expected(c.mean.size()), other = expected;
        std::vector<T> sums(c.mean.size()), products = sums;

        naive::column_products(rows, width, dense_x.data(), dense_dy.data(), c.mean.data(),
                               expected.data(), other.data());
        NN_DISPATCH_TO(set, add_products_of_rows, rows, width, stride, x.data(), dy.data(),
                       c.mean.data(), sums.data(), products.data());
        CHECK(largest_difference(sums, expected) <= tolerance);
        CHECK(largest_difference(products, other) <= tolerance);

        std::fill(sums.begin(), sums.end(), T(0));
        NN_DISPATCH_TO(set, add_rows, rows, width, stride, dy.data(), sums.data());
        CHECK(largest_difference(sums, expected) <= tolerance);

        naive::column_moments(rows, width, dense_x.data(), other.data(), expected.data());
        for (T& value : expected) value *= T(rows);
        std::fill(sums.begin(), sums.end(), T(0));
        NN_DISPATCH_TO(set, add_squares_of_rows, rows, width, stride, x.data(), other.data(),
                       sums.data());
        CHECK(largest_difference(sums, expected) <= tolerance);

        std::vector<T> y(x.size(), T(77)), wanted(dense_x.size());
        const auto check_rows = [&] {
          for (Index i = 0; i < rows; ++i)
            for (Index j = 0; j < stride; ++j) {
              const T got = y[static_cast<std::size_t>(i * stride + j)];
              const T want = j < width ? wanted[static_cast<std::size_t>(i * width + j)] : T(77);
              CHECK(std::abs(static_cast<double>(got - want)) <= sum_tolerance<T>(3));
            }
        };
        naive::shift_and_scale(rows, width, dense_x.data(), c.mean.data(), c.scale.data(),
                               c.shift.data(), wanted.data(), true);
        NN_DISPATCH_TO(set, shift_and_scale_rows, rows, width, stride, x.data(), c.mean.data(),
                       c.scale.data(), c.shift.data(), T(0), y.data());
        check_rows();
        for (const bool masks : {false, true}) {
          naive::combine_columns(rows, width, dense_x.data(), dense_dy.data(), c.mean.data(),
                                 c.scale.data(), c.slope.data(), c.shift.data(), wanted.data(),
                                 masks);
          NN_DISPATCH_TO(set, combine_rows, rows, width, stride, x.data(), dy.data(), c.mean.data(),
                         c.scale.data(), c.slope.data(), c.shift.data(), y.data(), masks);
          check_rows();
        }
      }
  }

  TEST_CASE_TEMPLATE("Normalization: whole matrices agree with the naive loops", T, float, double) {
    for (const Sizes& s : all_sizes) {
      CAPTURE(s.rows);
      CAPTURE(s.cols);
      const auto actual = results<T>(s, false), expected = results<T>(s, true);
      const double of_means = sum_tolerance<T>(20), of_sums = sum_tolerance<T>(s.rows + 4);
      const double tolerances[] = {of_means, of_means, of_sums, of_sums,
                                   of_means, of_means, of_means};
      for (std::size_t i = 0; i < actual.size(); ++i) {
        CAPTURE(i);
        // The twin's sums are in float too, and long ones the less exact of both.
        const double slack = std::is_same_v<T, float> && i < 2 ? of_sums / 4 : tolerances[i];
        CHECK(largest_difference(actual[i], expected[i]) <= std::max(slack, tolerances[i]));
      }
    }
  }

  TEST_CASE_TEMPLATE("Normalization: any number of threads gives the same bits", T, float, double) {
    for (const Sizes& s : all_sizes) {
      CAPTURE(s.rows);
      CAPTURE(s.cols);
      std::vector<std::vector<T>> expected;
      {
        const ThreadsForTest use(1);
        expected = results<T>(s, false);
      }
      for (const int threads : {2, 3}) {
        const ThreadsForTest use(threads);
        CHECK(results<T>(s, false) == expected);
      }
    }
  }

  TEST_CASE("Normalization: a variance is exact beside a mean that is large") {
    // 4096 +- 1, whose squares do not fit in a float.
    const Index rows = 40000;
    std::vector<float> x(static_cast<std::size_t>(rows));
    for (Index i = 0; i < rows; ++i) x[static_cast<std::size_t>(i)] = i % 2 == 0 ? 4095 : 4097;
    float mean = 0, variance = 0;
    column_moments(rows, 1, x.data(), &mean, &variance);
    CHECK(mean == 4096);
    CHECK(variance == 1);
  }

  TEST_CASE("Normalization: of no rows, moments are 0") {
    const float* const x = nullptr;
    float mean = 5, variance = 5;
    column_moments(0, 1, x, &mean, &variance);
    CHECK(mean == 0);
    CHECK(variance == 0);
  }
}
