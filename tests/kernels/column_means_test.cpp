// SPDX-License-Identifier: MIT
#include "nn/kernels/normalization/column_means.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Index;
using nn::Isa;
using namespace nn::testing;
using namespace nn::kernels;

struct BatchSizes {
  Index batch, rows, cols;
};

/// Small matrices, and ones that are cut in pieces; rows that are folded, cut in strips, and
/// neither.
constexpr BatchSizes batch_sizes[] = {{0, 3, 3},    {1, 1, 1},     {3, 16, 8},    {2, 49, 64},
                                      {5, 5, 1},    {2, 9001, 3},  {1, 2100, 64}, {3, 300, 130},
                                      {2, 70, 300}, {1, 21, 2500}, {700, 4, 2}};

}  // namespace

TEST_SUITE("kernels/column_means") {
  TEST_CASE_TEMPLATE("ColumnMeans: means and gradients are the naive ones", T, float, double) {
    for (const BatchSizes& sizes : batch_sizes) {
      const Index batch = sizes.batch, rows = sizes.rows, cols = sizes.cols;
      CAPTURE(rows);
      CAPTURE(cols);
      const auto x = random_values<T>(batch * rows * cols, 1);
      const auto dy = random_values<T>(batch * cols, 2);
      auto means = nan_values<T>(batch * cols), expected = means;
      naive::column_means(batch, rows, cols, x.data(), expected.data());
      column_means(batch, rows, cols, x.data(), means.data());
      CHECK(largest_difference(means, expected) <= sum_tolerance<T>(rows));
      for (const T* const mask : {static_cast<const T*>(nullptr), x.data()}) {
        auto dx = nan_values<T>(batch * rows * cols), expected_dx = dx;
        naive::column_means_gradient(batch, rows, cols, dy.data(), mask, expected_dx.data());
        column_means_gradient(batch, rows, cols, dy.data(), mask, dx.data());
        CHECK(largest_difference(dx, expected_dx) == 0);
      }
    }
  }

  TEST_CASE_TEMPLATE("ColumnMeans: every instruction set repeats rows alike", T, float, double) {
    constexpr Index rows = 3, width = 21, stride = 25;
    const auto row = random_values<T>(width, 1);
    auto mask = random_values<T>(rows * stride, 2);
    mask[1] = 0;
    mask[2] = std::numeric_limits<T>::quiet_NaN();  // is not below 0
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      for (const bool masks : {false, true}) {
        std::vector<T> y(rows * stride, T(7)), expected = y;
        for (Index i = 0; i < rows * width; ++i) {
          const auto at = static_cast<std::size_t>(i / width * stride + i % width);
          expected[at] =
              masks && mask[at] <= T(0) ? T(0) : row[static_cast<std::size_t>(i % width)];
        }
        const T* const used = masks ? mask.data() : nullptr;
        NN_DISPATCH_TO(isa, repeat_row, rows, width, stride, row.data(), used, y.data());
        CHECK(y == expected);
      }
    }
  }

  TEST_CASE("ColumnMeans: any number of threads gives the same bits") {
    const Index batch = 3, rows = 9001, cols = 7;
    const auto x = random_values<float>(batch * rows * cols, 1);
    std::vector<float> means(batch * cols), first, dx(x.size()), first_dx;
    for (const int threads : {1, 2, 3}) {
      CAPTURE(threads);
      const ThreadsForTest use(threads);
      column_means(batch, rows, cols, x.data(), means.data());
      column_means_gradient(batch, rows, cols, means.data(), x.data(), dx.data());
      if (threads == 1) first = means, first_dx = dx;
      CHECK(means == first);
      CHECK(dx == first_dx);
    }
  }
}
