// SPDX-License-Identifier: MIT
#include "nn/kernels/elementwise/elementwise.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/kernels/kernel_testing.hpp"

namespace {

using nn::Activation;
using nn::Index;
using nn::Isa;
using namespace nn::testing;
using namespace nn::kernels;

constexpr Index counts[] = {0, 1, 3, 7, 16, 31, 64, 100};

/// Unaligned on purpose, with a guard after the last element.
template <class T>
struct Guarded {
  std::vector<T> memory;
  explicit Guarded(const std::vector<T>& values) : memory(values.size() + 2, T(77)) {
    std::copy(values.begin(), values.end(), memory.begin() + 1);
  }
  T* data() { return memory.data() + 1; }
  std::vector<T> values() const { return std::vector<T>(memory.begin() + 1, memory.end() - 1); }
  bool is_intact() const { return memory.front() == T(77) && memory.back() == T(77); }
};

}  // namespace

TEST_SUITE("kernels/elementwise") {
  TEST_CASE_TEMPLATE("Elementwise: every instruction set agrees with the naive loops", T, float,
                     double) {
    for (const Isa isa : available_isas())
      for (const Index count : counts) {
        CAPTURE(std::string{nn::to_string(isa)});
        CAPTURE(count);
        auto x = random_values<T>(count, 1), dy = random_values<T>(count, 2);
        if (count > 2) {
          x[1] = std::numeric_limits<T>::quiet_NaN(), x[2] = 0;
          dy[2] = std::numeric_limits<T>::infinity();
        }
        std::vector<T> expected(x.size());
        Guarded<T> y(nan_values<T>(count));

        naive::activate_elements(Activation::relu, count, x.data(), expected.data());
        NN_DISPATCH_TO(isa, relu, count, x.data(), y.data());
        CHECK(largest_difference(y.values(), expected) == 0);
        if (count > 2) CHECK(std::isnan(y.values()[1]));

        naive::activation_gradient<T>(Activation::relu, count, nullptr, x.data(), dy.data(),
                                      expected.data());
        NN_DISPATCH_TO(isa, relu_gradient, count, x.data(), dy.data(), y.data());
        CHECK(largest_difference(y.values(), expected) == 0);
        if (count > 2) {
          CHECK(y.values()[1] == dy[1]);  // NaN is not below 0
          CHECK(y.values()[2] == 0);      // of infinity
          dy[2] = 0;
        }

        naive::scale_shift(count, x.data(), T(3), T(-2), expected.data());
        NN_DISPATCH_TO(isa, scale_shift, count, x.data(), T(3), T(-2), y.data());
        CHECK(largest_difference(y.values(), expected) <= sum_tolerance<T>(3));

        Guarded<T> sum(dy);
        expected = dy;
        for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += x.data()[i];
        NN_DISPATCH_TO(isa, add, count, x.data(), sum.data());
        CHECK(largest_difference(sum.values(), expected) == 0);
        CHECK((y.is_intact() && sum.is_intact()));
      }
  }

  TEST_CASE("Elementwise: activations and their slopes have the known values") {
    const double x[] = {-1, 0, 2};
    double y[3], dz[3];
    const double dy[] = {10, 10, 10};
    activate(Activation::sigmoid, 3, x, y);
    CHECK(y[0] == doctest::Approx(0.2689414213699951));
    CHECK(y[1] == 0.5);
    activation_gradient<double>(Activation::sigmoid, 3, nullptr, y, dy, dz);
    CHECK(dz[2] == doctest::Approx(1.049935854035065));
    activate(Activation::tanh, 3, x, y);
    CHECK(y[2] == doctest::Approx(0.9640275800758169));
    activation_gradient<double>(Activation::tanh, 3, nullptr, y, dy, dz);
    CHECK(dz[2] == doctest::Approx(0.7065082485316443));
    activate(Activation::linear, 3, x, y);
    CHECK(y[2] == 2);
    activation_gradient<double>(Activation::linear, 3, nullptr, y, dy, dz);
    CHECK(dz[0] == 10);
    activation_gradient(Activation::silu, 3, x, y, dy, dz);
    CHECK(dz[0] == doctest::Approx(0.7232948812851325));  // of x, not of y
  }

  TEST_CASE("Elementwise: large blocks work in place, with any number of threads") {
    const Index count = 3 * block_size + 5;
    const auto x = random_values<float>(count, 3);
    for (const int threads : {1, 2, 3}) {
      CAPTURE(threads);
      const ThreadsForTest use(threads);
      auto y = x, expected = x;
      naive::activate_elements(Activation::relu, count, x.data(), expected.data());
      activate(Activation::relu, count, y.data(), y.data());
      CHECK(y == expected);
      auto dz = x;
      naive::activation_gradient<float>(Activation::relu, count, nullptr, y.data(), x.data(),
                                        expected.data());
      activation_gradient<float>(Activation::relu, count, nullptr, y.data(), dz.data(), dz.data());
      CHECK(dz == expected);
      scale_shift(count, x.data(), 2, 1, y.data());
      CHECK(y[static_cast<std::size_t>(count - 1)] == 2 * x.back() + 1);
    }
  }
}
