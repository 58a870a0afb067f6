// SPDX-License-Identifier: MIT
#include "nn/kernels/elementwise/gates.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Activation;
using nn::Index;
using nn::Isa;
using namespace nn::testing;
using namespace nn::kernels;

/// Both signs of numbers from the smallest normal one to the largest.
template <class T>
std::vector<T> arguments() {
  std::vector<T> x{0, std::numeric_limits<T>::infinity(), std::numeric_limits<T>::max()};
  for (T size = std::numeric_limits<T>::min(); size < T(1e3); size *= T(1.37)) x.push_back(size);
  const std::size_t count = x.size();
  for (std::size_t i = 0; i < count; ++i) x.push_back(-x[i]);
  return x;
}

/// The largest difference, in units of the last digit of what is expected.
template <class T>
double largest_error(const std::vector<T>& y, const std::vector<T>& expected) {
  double largest = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double unit = std::max(std::abs(static_cast<double>(expected[i])),
                                 static_cast<double>(std::numeric_limits<T>::min())) *
                        static_cast<double>(std::numeric_limits<T>::epsilon());
    largest = std::max(largest, std::abs(static_cast<double>(y[i] - expected[i])) / unit);
  }
  return largest;
}

}  // namespace

TEST_SUITE("kernels/gates") {
  TEST_CASE_TEMPLATE("Gates: every instruction set is right to the last digits", T, float, double) {
    const std::vector<T> x = arguments<T>();
    const auto count = static_cast<Index>(x.size());
    std::vector<T> expected(x.size()), y(x.size());
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      naive::activate_elements(Activation::tanh, count, x.data(), expected.data());
      NN_DISPATCH_TO(isa, tanh_gate, count, x.data(), y.data());
      CHECK(largest_error(y, expected) <= 4);
      naive::activate_elements(Activation::sigmoid, count, x.data(), expected.data());
      NN_DISPATCH_TO(isa, sigmoid_gate, count, x.data(), y.data());
      CHECK(largest_error(y, expected) <= 4);
    }
  }

  TEST_CASE_TEMPLATE("Gates: any count, in place, and NaN stays NaN", T, float, double) {
    for (const Activation activation : {Activation::tanh, Activation::sigmoid, Activation::relu}) {
      for (const Index count : {0, 1, 3, 16, 37}) {
        CAPTURE(std::string{nn::to_string(activation)});
        CAPTURE(count);
        auto x = random_values<T>(count, 1);
        if (count > 2) x[2] = std::numeric_limits<T>::quiet_NaN();
        std::vector<T> expected(x.size());
        naive::activate_elements(activation, count, x.data(), expected.data());
        x.push_back(T(77));
        activate_gates(activation, count, x.data(), x.data());
        CHECK(x.back() == T(77));
        x.pop_back();
        if (count > 2) {
          CHECK(std::isnan(x[2]));
          x[2] = expected[2] = 0;
        }
        CHECK(largest_error(x, expected) <= 4);
      }
    }
  }
}
