// SPDX-License-Identifier: MIT
#include "nn/kernels/depthwise/depthwise.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Activation;
using nn::Index;
using nn::Isa;
using nn::kernels::Affine;
using nn::kernels::Conv2DShape;
using namespace nn::testing;

constexpr Index far = Index{1} << 20;

/// batch, height, width, channels in; kernel; height, width, channels out; strides; padding;
/// dilation
const Conv2DShape shapes[] = {
    {2, 8, 9, 24, 3, 3, 8, 9, 24, 1, 1, 1, 1},          // same
    {3, 28, 28, 16, 3, 3, 26, 26, 16, 1, 1, 0, 0},      // parts of several samples
    {2, 7, 9, 3, 5, 5, 7, 9, 3, 1, 1, 2, 2},            // more cells than registers
    {2, 11, 13, 33, 3, 4, 6, 5, 33, 2, 3, 1, 1},        // strides
    {1, 12, 10, 17, 2, 2, 4, 3, 17, 3, 3, 0, 0},        // gaps between windows
    {2, 13, 14, 5, 3, 3, 13, 14, 5, 1, 1, 2, 3, 2, 3},  // dilation
    {2, 13, 14, 2, 3, 3, 7, 5, 2, 2, 3, 1, 1, 2, 2},    // dilation with strides
    {1, 1, 1, 40, 1, 1, 1, 1, 40, 1, 1, 0, 0},          // one pixel
    {2, 3, 2, 6, 3, 5, 3, 2, 6, 1, 1, 1, 2, 3, 2},      // cells that meet no pixel
    {1, 5, 4, 3, 3, 3, 5, 4, 3, 1, 1, far, 1, far, 1},  // windows far larger than the image
    {0, 5, 5, 2, 3, 3, 3, 3, 2, 1, 1, 0, 0},            // no samples
    {1, 2, 600, 9, 1, 3, 2, 600, 9, 1, 1, 0, 1},        // long rows
};

template <class T>
struct Operands {
  std::vector<T> x, W, bias, dy, mask, scale, shift;

  explicit Operands(const Conv2DShape& s)
      : x(random_values<T>(s.batch * s.input_size(), 1)),
        W(random_values<T>(cells(s) * s.out_channels, 2)),
        bias(random_values<T>(s.out_channels, 3)),
        dy(random_values<T>(s.batch * s.output_size(), 4)),
        mask(random_values<T>(s.batch * s.input_size(), 5)),
        scale(random_values<T>(s.out_channels, 6)),
        shift(random_values<T>(s.out_channels, 7)) {}

  static Index cells(const Conv2DShape& s) { return s.kernel_height * s.kernel_width; }
};

template <class T>
void check_forward(Isa isa, const Conv2DShape& s, const Operands<T>& given) {
  namespace kernels = nn::kernels;
  const double tolerance = sum_tolerance<T>(given.cells(s) + 1);
  auto y = nan_values<T>(s.batch * s.output_size()), expected = y;
  for (const bool has_bias : {false, true}) {
    const T* const bias = has_bias ? given.bias.data() : nullptr;
    for (const Activation activation : {Activation::linear, Activation::relu, Activation::tanh}) {
      kernels::naive::depthwise_conv2d(s, given.x.data(), given.W.data(), bias, activation,
                                       expected.data());
      kernels::detail::depthwise_forward<T>(isa, s, given.x.data(), given.W.data(), bias, {},
                                            activation, y.data());
      CHECK(largest_difference(y, expected) <= tolerance);
    }
  }
  kernels::naive::depthwise_conv2d<T>(s, given.x.data(), given.W.data(), nullptr,
                                      Activation::linear, expected.data());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::size_t c = i % given.scale.size();
    expected[i] = expected[i] * given.scale[c] + given.shift[c];
  }
  kernels::detail::depthwise_forward<T>(isa, s, given.x.data(), given.W.data(), nullptr,
                                        {given.scale.data(), given.shift.data()},
                                        Activation::linear, y.data());
  CHECK(largest_difference(y, expected) <= tolerance);
}

template <class T>
void check_gradients(Isa isa, const Conv2DShape& s, const Operands<T>& given) {
  namespace kernels = nn::kernels;
  auto dx = nan_values<T>(s.batch * s.input_size()), expected_dx = dx;
  for (const bool is_masked : {false, true}) {
    const T* const mask = is_masked ? given.mask.data() : nullptr;
    kernels::naive::depthwise_input_gradient(s, given.dy.data(), given.W.data(), mask,
                                             expected_dx.data());
    kernels::detail::depthwise_input_gradient(isa, s, given.dy.data(), given.W.data(), mask,
                                              dx.data());
    CHECK(largest_difference(dx, expected_dx) <= sum_tolerance<T>(given.cells(s)));
  }
  for (const bool accumulate : {false, true}) {
    auto dW = accumulate ? given.W : nan_values<T>(std::ssize(given.W)), expected = dW;
    kernels::naive::depthwise_kernel_gradient<T>(s, given.x.data(), given.dy.data(),
                                                 expected.data(), nullptr, accumulate);
    kernels::detail::depthwise_kernel_gradient<T>(isa, s, given.x.data(), given.dy.data(),
                                                  dW.data(), accumulate);
    CHECK(largest_difference(dW, expected) <=
          sum_tolerance<T>(s.batch * s.out_height * s.out_width));
  }
}

}  // namespace

TEST_SUITE("kernels/depthwise") {
  TEST_CASE_TEMPLATE("Depthwise: results and gradients are the naive ones", T, float, double) {
    for (const Isa isa : available_isas()) {
      for (const Conv2DShape& s : shapes) {
        CAPTURE(std::string{nn::to_string(isa)});
        CAPTURE(&s - shapes);
        const Operands<T> given(s);
        check_forward(isa, s, given);
        check_gradients(isa, s, given);
      }
    }
  }

  TEST_CASE_TEMPLATE("Depthwise: so it is with several kernels for each channel", T, float,
                     double) {
    namespace kernels = nn::kernels;
    // The second has too large samples for all to be repeated at once.
    for (const Conv2DShape& s : {Conv2DShape{3, 7, 6, 5, 3, 2, 7, 6, 15, 1, 1, 1, 0},
                                 Conv2DShape{2, 150, 160, 11, 2, 2, 75, 80, 44, 2, 2, 0, 0},
                                 Conv2DShape{0, 4, 4, 2, 2, 2, 3, 3, 4, 1, 1, 0, 0}}) {
      CAPTURE(s.batch);
      const Operands<T> given(s);
      auto y = nan_values<T>(s.batch * s.output_size()), expected_y = y;
      kernels::naive::depthwise_conv2d(s, given.x.data(), given.W.data(), given.bias.data(),
                                       Activation::relu, expected_y.data());
      kernels::depthwise_conv2d(s, given.x.data(), given.W.data(), given.bias.data(), Affine<T>{},
                                Activation::relu, y.data());
      CHECK(largest_difference(y, expected_y) <= sum_tolerance<T>(given.cells(s)));
      auto dx = nan_values<T>(s.batch * s.input_size()), expected_dx = dx;
      kernels::naive::depthwise_input_gradient(s, given.dy.data(), given.W.data(),
                                               given.mask.data(), expected_dx.data());
      kernels::depthwise_input_gradient(s, given.dy.data(), given.W.data(), given.mask.data(),
                                        dx.data());
      CHECK(largest_difference(dx, expected_dx) <= sum_tolerance<T>(4 * given.cells(s)));
      for (const bool accumulate : {false, true}) {
        auto dW = accumulate ? given.W : nan_values<T>(std::ssize(given.W)), expected_dW = dW;
        auto db = accumulate ? given.bias : nan_values<T>(s.out_channels), expected_db = db;
        kernels::naive::depthwise_kernel_gradient(
            s, given.x.data(), given.dy.data(), expected_dW.data(), expected_db.data(), accumulate);
        kernels::depthwise_kernel_gradient(s, given.x.data(), given.dy.data(), dW.data(), db.data(),
                                           accumulate);
        const double tolerance = sum_tolerance<T>(s.batch * s.out_height * s.out_width);
        CHECK(largest_difference(dW, expected_dW) <= tolerance);
        CHECK(largest_difference(db, expected_db) <= tolerance);
      }
    }
  }

  TEST_CASE("Depthwise: two threads give the bits of one") {
    const Conv2DShape s{5, 28, 28, 20, 3, 3, 28, 28, 20, 1, 1, 1, 1};
    const Operands<float> given(s);
    const auto results = [&](int threads) {
      const ThreadsForTest scope(threads);
      auto y = given.dy, dx = given.x, dW = given.W;
      nn::kernels::depthwise_conv2d<float>(s, given.x.data(), given.W.data(), nullptr, {},
                                           Activation::linear, y.data());
      nn::kernels::depthwise_input_gradient<float>(s, given.dy.data(), given.W.data(), nullptr,
                                                   dx.data());
      nn::kernels::depthwise_kernel_gradient<float>(s, given.x.data(), given.dy.data(), dW.data(),
                                                    nullptr, false);
      y.insert(y.end(), dx.begin(), dx.end());
      y.insert(y.end(), dW.begin(), dW.end());
      return y;
    };
    CHECK(results(1) == results(2));
  }
}
