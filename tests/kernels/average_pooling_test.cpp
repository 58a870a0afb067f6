// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "nn/kernels/pooling/average.hpp"
#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Index;
using nn::Isa;
using nn::kernels::Pooling2DShape;
using namespace nn::testing;

/// batch, height, width, channels; pool; output; strides; padding; evenly shared
const Pooling2DShape shapes[] = {{2, 8, 6, 24, 2, 2, 4, 3, 2, 2},
                                 {3, 7, 9, 3, 2, 2, 3, 4, 2, 2},
                                 {1, 9, 8, 17, 3, 3, 7, 6, 1, 1},
                                 {2, 7, 7, 32, 3, 3, 4, 4, 2, 2, 1, 1},
                                 {2, 5, 6, 5, 3, 2, 5, 6, 1, 1, 1, 0},
                                 {1, 10, 11, 1, 2, 3, 3, 3, 4, 4},
                                 {0, 4, 4, 2, 2, 2, 2, 2, 2, 2},
                                 {2, 7, 5, 9, 4, 3, 3, 4, 0, 0, 0, 0, true},
                                 {1, 6, 4, 3, 3, 3, 3, 2, 0, 0, 0, 0, true}};

template <class T>
struct Pooled {
  std::vector<T> y, dx, masked_dx;
};

/// By functions of one row.
template <class T, class Row, class RowGradient>
Pooled<T> pool_rows(const Pooling2DShape& s, const std::vector<T>& x, const std::vector<T>& dy,
                    Row row_of, RowGradient gradient_of) {
  const auto start =
      s.tiles_image() ? nan_values<T>(s.batch * s.input_size()) : std::vector<T>(x.size(), T(0));
  Pooled<T> result{nan_values<T>(s.batch * s.output_size()), start, start};
  for (Index row = 0; row < s.batch * s.out_height; ++row) {
    const Index in = row / s.out_height * s.input_size(), out = row * s.out_width * s.channels;
    const Index i = row % s.out_height;
    row_of(i, x.data() + in, result.y.data() + out);
    const T* const no_mask = nullptr;
    gradient_of(i, dy.data() + out, no_mask, result.dx.data() + in);
    gradient_of(i, dy.data() + out, x.data() + in, result.masked_dx.data() + in);
  }
  return result;
}

template <class T>
Pooled<T> pool_naively(const Pooling2DShape& s, const std::vector<T>& x, const std::vector<T>& dy) {
  using namespace nn::kernels;
  return pool_rows(
      s, x, dy, [&](Index i, const T* from, T* to) { naive::average_pooling_row(s, i, from, to); },
      [&](Index i, const T* from, const T* mask, T* to) {
        naive::average_pooling_row_gradient(s, i, from, mask, s.tiles_image(), to);
      });
}

template <class T>
Pooled<T> pool(const Pooling2DShape& s, const std::vector<T>& x, const std::vector<T>& dy) {
  Pooled<T> result{nan_values<T>(s.batch * s.output_size()),
                   nan_values<T>(s.batch * s.input_size()),
                   nan_values<T>(s.batch * s.input_size())};
  nn::kernels::average_pooling2d(s, x.data(), result.y.data());
  nn::kernels::average_pooling2d_gradient<T>(s, dy.data(), nullptr, result.dx.data());
  nn::kernels::average_pooling2d_gradient<T>(s, dy.data(), x.data(), result.masked_dx.data());
  return result;
}

template <class T>
void check_close(const Pooled<T>& actual, const Pooled<T>& expected) {
  CHECK(largest_difference(actual.y, expected.y) <= sum_tolerance<T>(10));
  CHECK(largest_difference(actual.dx, expected.dx) <= sum_tolerance<T>(10));
  CHECK(largest_difference(actual.masked_dx, expected.masked_dx) <= sum_tolerance<T>(10));
}

}  // namespace

TEST_SUITE("kernels/average_pooling") {
  TEST_CASE_TEMPLATE("AveragePooling2D: every instruction set agrees with the naive loops", T,
                     float, double) {
    using namespace nn::kernels;
    for (const Isa isa : available_isas()) {
      int number = 0;
      for (const Pooling2DShape& s : shapes) {
        CAPTURE(std::string{nn::to_string(isa)});
        CAPTURE(number);
        ++number;
        const auto x = random_values<T>(s.batch * s.input_size(), 1);
        const auto dy = random_values<T>(s.batch * s.output_size(), 2);
        const auto rows = pool_rows(
            s, x, dy,
            [&](Index i, const T* from, T* to) {
              NN_DISPATCH_TO(isa, average_pooling_row, s, i, from, to);
            },
            [&](Index i, const T* from, const T* mask, T* to) {
              NN_DISPATCH_TO(isa, average_pooling_row_gradient, s, i, from, mask, s.tiles_image(),
                             to);
            });
        check_close(rows, pool_naively(s, x, dy));
        check_close(pool(s, x, dy), rows);
      }
    }
  }

  TEST_CASE("AveragePooling2D: windows that share an image overlap where it can't be cut evenly") {
    const Pooling2DShape s{1, 1, 5, 1, 1, 3, 1, 3, 0, 0, 0, 0, true};
    const float x[] = {1, 2, 3, 4, 8}, dy[] = {2, 3, 4};
    float y[3], dx[5];
    nn::kernels::average_pooling2d(s, x, y);
    CHECK(std::vector<float>(y, y + 3) == std::vector<float>{1.5f, 3, 6});
    nn::kernels::average_pooling2d_gradient<float>(s, dy, nullptr, dx);
    CHECK(std::vector<float>(dx, dx + 5) == std::vector<float>{1, 2, 1, 3, 2});
  }

  TEST_CASE("AveragePooling2D: any number of threads gives the same bits") {
    const Pooling2DShape s{9, 32, 30, 24, 3, 3, 16, 15, 2, 2, 0, 0};
    const auto x = random_values<float>(s.batch * s.input_size(), 1);
    const auto dy = random_values<float>(s.batch * s.output_size(), 2);
    Pooled<float> expected;
    for (const int threads : {1, 2, 3}) {
      CAPTURE(threads);
      const ThreadsForTest use(threads);
      const Pooled<float> actual = pool(s, x, dy);
      if (threads == 1) expected = actual;
      CHECK(actual.y == expected.y);
      CHECK(actual.dx == expected.dx);
      CHECK(actual.masked_dx == expected.masked_dx);
    }
  }
}
