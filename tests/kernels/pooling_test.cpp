// SPDX-License-Identifier: MIT
#include "nn/kernels/pooling/pooling.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Index;
using nn::Isa;
using nn::kernels::Pooling2DShape;
using namespace nn::testing;

/// batch, height, width, channels; pool; output; strides; padding; evenly shared
const Pooling2DShape shapes[] = {
    {2, 8, 6, 24, 2, 2, 4, 3, 2, 2},
    {3, 7, 9, 3, 2, 2, 3, 4, 2, 2},
    {1, 9, 8, 17, 3, 3, 7, 6, 1, 1},
    {2, 7, 7, 32, 3, 3, 4, 4, 2, 2, 1, 1},
    {2, 5, 6, 5, 3, 2, 5, 6, 1, 1, 1, 0},
    {1, 10, 11, 1, 2, 3, 3, 3, 4, 4},
    {1, 1, 1, 4, 1, 1, 1, 1, 1, 1},
    {0, 4, 4, 2, 2, 2, 2, 2, 2, 2},
    {1, 5, 4, 1, 2, 2, 2, 2, 2, 2},  // a row left over
    {2, 7, 5, 9, 4, 3, 3, 4, 0, 0, 0, 0, true},
    {1, 6, 4, 3, 3, 3, 3, 2, 0, 0, 0, 0, true},
};

/// Small whole numbers, so that windows hold equal maxima.
template <class T>
std::vector<T> values_with_ties(Index count) {
  auto values = random_values<T>(count, 11);
  for (T& value : values) value = std::round(2 * value);
  return values;
}

template <class T>
void pool_rows(Isa isa, const Pooling2DShape& s, const T* x, bool rectify, T* y,
               std::int32_t* argmax) {
  using namespace nn::kernels;
  for (Index row = 0; row < s.batch * s.out_height; ++row) {
    const T* const sample = x + row / s.out_height * s.input_size();
    const Index out = row * s.out_width * s.channels;
    NN_DISPATCH_TO(isa, max_pooling_row, s, row % s.out_height, sample, rectify, y + out,
                   argmax + out);
  }
}

template <class T>
void add_row_gradient(Isa isa, const Pooling2DShape& s, Index row, const T* dy,
                      const std::int32_t* argmax, T* dx) {
  using namespace nn::kernels;
  NN_DISPATCH_TO(isa, max_pooling_row_gradient, s, row, dy, argmax, s.tiles_image(), dx);
}

template <class T>
void pool_naively(const Pooling2DShape& s, const T* x, bool rectify, T* y, std::int32_t* argmax) {
  for (Index row = 0; row < s.batch * s.out_height; ++row) {
    const T* const sample = x + row / s.out_height * s.input_size();
    const Index out = row * s.out_width * s.channels;
    nn::kernels::naive::max_pooling_row(s, row % s.out_height, sample, rectify, y + out,
                                        argmax + out);
  }
}

}  // namespace

TEST_SUITE("kernels/pooling") {
  TEST_CASE("MaxPooling2D: windows whose cells can't be counted") {
    constexpr Index most = Index{1} << 20, channels = Index{1} << 23;
    const Pooling2DShape s{1, 1, 1, channels, most, most, 1, 1, most, most, most / 2, most / 2};
    const std::vector<float> x(std::size_t{channels}, 3.0f);
    std::vector<float> y(x.size());
    nn::kernels::max_pooling2d<float>(s, x.data(), false, y.data(), nullptr);
    CHECK(y == x);
  }

  TEST_CASE_TEMPLATE("MaxPooling2D: outputs and positions are the naive ones", T, float, double) {
    for (const Isa isa : available_isas()) {
      int number = 0;
      for (const Pooling2DShape& s : shapes) {
        CAPTURE(std::string{nn::to_string(isa)});
        const bool rectify = number % 2 == 1;
        CAPTURE(number);
        ++number;
        auto x = values_with_ties<T>(s.batch * s.input_size());
        for (std::size_t i = 5; i < x.size(); i += 29) x[i] = std::numeric_limits<T>::quiet_NaN();
        const Index size = s.batch * s.output_size();
        auto y = random_values<T>(size, 1), expected = y;
        std::vector<std::int32_t> argmax(y.size(), -7), expected_argmax = argmax;
        pool_naively(s, x.data(), rectify, expected.data(), expected_argmax.data());
        pool_rows(isa, s, x.data(), rectify, y.data(), argmax.data());
        CHECK(largest_difference(y, expected) == 0);
        CHECK(argmax == expected_argmax);
      }
    }
  }

  TEST_CASE_TEMPLATE("MaxPooling2D: the gradient is the naive one", T, float, double) {
    for (const Isa isa : available_isas()) {
      int number = 0;
      for (const Pooling2DShape& s : shapes) {
        CAPTURE(std::string{nn::to_string(isa)});
        CAPTURE(number);
        ++number;
        const auto x = values_with_ties<T>(s.batch * s.input_size());
        auto y = random_values<T>(s.batch * s.output_size(), 1);
        std::vector<std::int32_t> argmax(y.size());
        pool_naively(s, x.data(), true, y.data(), argmax.data());
        const auto dy = random_values<T>(s.batch * s.output_size(), 2);
        auto dx = nan_values<T>(s.batch * s.input_size()), expected = dx;
        if (!s.tiles_image()) std::fill(dx.begin(), dx.end(), T(0));
        for (Index sample = 0; sample < s.batch; ++sample) {
          const Index in = sample * s.input_size(), out = sample * s.output_size();
          nn::kernels::naive::max_pooling_sample_gradient(s, dy.data() + out, argmax.data() + out,
                                                          expected.data() + in);
          for (Index row = 0; row < s.out_height; ++row) {
            const Index first = out + row * s.out_width * s.channels;
            add_row_gradient(isa, s, row, dy.data() + first, argmax.data() + first, dx.data() + in);
          }
        }
        CHECK(largest_difference(dx, expected) == 0);
      }
    }
  }

  TEST_CASE("MaxPooling2D: takes the first of equal maxima and any NaN") {
    const Pooling2DShape s{1, 2, 6, 1, 2, 2, 1, 3, 2, 2};
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float x[] = {1, 3, 2, nan, -5, -4,  //
                       3, 0, 9, nan, -4, -6};
    float y[3];
    std::int32_t argmax[3];
    nn::kernels::max_pooling2d(s, x, false, y, argmax);
    CHECK(y[0] == 3);
    CHECK(argmax[0] == 1);
    CHECK(std::isnan(y[1]));
    CHECK(argmax[1] == 3);
    CHECK(y[2] == -4);
    CHECK(argmax[2] == 5);
  }

  TEST_CASE("MaxPooling2D: padding never wins") {
    const Pooling2DShape s{1, 1, 1, 2, 3, 3, 1, 1, 1, 1, 1, 1};
    const float x[] = {-3, -8};
    float y[2];
    nn::kernels::max_pooling2d(s, x, false, y, nullptr);
    CHECK(y[0] == -3);
    CHECK(y[1] == -8);
  }

  TEST_CASE("MaxPooling2D: the gradient goes to the maxima, added where windows overlap") {
    const Pooling2DShape s{1, 1, 4, 1, 1, 2, 1, 3, 1, 1};
    const float x[] = {1, 5, -2, -1}, dy[] = {10, 20, 40};
    float y[3], dx[4];
    std::int32_t argmax[3];
    nn::kernels::max_pooling2d(s, x, false, y, argmax);
    std::fill(dx, dx + 4, std::numeric_limits<float>::quiet_NaN());
    nn::kernels::max_pooling2d_gradient(s, dy, argmax, dx);
    CHECK(std::vector<float>(dx, dx + 4) == std::vector<float>{0, 30, 0, 40});
    nn::kernels::max_pooling2d(s, x, true, y, argmax);  // -1 becomes 0, which has no gradient
    CHECK(std::vector<float>(y, y + 3) == std::vector<float>{5, 5, 0});
    nn::kernels::max_pooling2d_gradient(s, dy, argmax, dx);
    CHECK(std::vector<float>(dx, dx + 4) == std::vector<float>{0, 30, 0, 0});
  }

  TEST_CASE("MaxPooling2D: any number of threads gives the same bits") {
    const Pooling2DShape s{9, 32, 30, 24, 3, 3, 16, 15, 2, 2, 0, 0};
    const auto x = values_with_ties<float>(s.batch * s.input_size());
    const auto dy = random_values<float>(s.batch * s.output_size(), 3);
    std::vector<float> y(dy.size()), dx(x.size()), first_y, first_dx;
    std::vector<std::int32_t> argmax(dy.size());
    for (const int threads : {1, 2, 3}) {
      CAPTURE(threads);
      const ThreadsForTest use(threads);
      nn::kernels::max_pooling2d(s, x.data(), true, y.data(), argmax.data());
      nn::kernels::max_pooling2d_gradient(s, dy.data(), argmax.data(), dx.data());
      if (threads == 1) first_y = y, first_dx = dx;
      CHECK(y == first_y);
      CHECK(dx == first_dx);
    }
  }
}
