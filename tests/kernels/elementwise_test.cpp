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

  TEST_CASE_TEMPLATE("Elementwise: activations on vectors agree with the naive loops", T, float,
                     double) {
    const T huge = std::numeric_limits<T>::max(), infinity = std::numeric_limits<T>::infinity();
    std::vector<T> x{0, huge, -huge, infinity, -infinity, std::numeric_limits<T>::quiet_NaN(),
                     6, -3};
    for (int i = -2000; i < 2000; ++i) x.push_back(static_cast<T>((i + 0.3) / 17));
    for (int i = -99; i < 99; ++i) x.push_back(static_cast<T>(std::pow(2.0, i / 4.0)));
    const auto count = static_cast<Index>(x.size());
    const auto dy = random_values<T>(count, 2);
    // Both round in each of a few steps; slopes of mish and gelu_tanh are sums that cancel.
    const double tolerance = 16 * static_cast<double>(std::numeric_limits<T>::epsilon());
    const auto difference = [&](const std::vector<T>& actual, const std::vector<T>& expected) {
      double largest = 0;
      for (std::size_t i = 0; i < actual.size(); ++i) {
        const auto a = static_cast<double>(actual[i]), b = static_cast<double>(expected[i]);
        if (a == b || (std::isnan(a) && std::isnan(b))) continue;
        const double error = std::abs(a - b) / std::max(1.0, std::abs(b));
        if (!(error <= largest)) largest = std::isnan(error) ? HUGE_VAL : error;
      }
      return largest;
    };
    for (const Activation activation : nn::all_activations()) {
      if (!has_vectors(activation)) continue;
      std::vector<T> expected(x.size()), expected_dz(x.size());
      naive::activate_elements(activation, count, x.data(), expected.data());
      naive::activation_gradient(activation, count, x.data(), expected.data(), dy.data(),
                                 expected_dz.data());
      for (const Isa isa : available_isas()) {
        CAPTURE(std::string{nn::to_string(isa)});
        CAPTURE(std::string{nn::to_string(activation)});
        Guarded<T> y(nan_values<T>(count)), dz(nan_values<T>(count));
        NN_DISPATCH_TO(isa, activate_vectors, activation, count, x.data(), y.data());
        CHECK(difference(y.values(), expected) <= tolerance);
        NN_DISPATCH_TO(isa, activation_gradient_vectors, activation, count, x.data(),
                       expected.data(), dy.data(), dz.data());
        CHECK(difference(dz.values(), expected_dz) <= tolerance);
        CHECK((y.is_intact() && dz.is_intact()));
      }
    }
  }

  TEST_CASE_TEMPLATE("Elementwise: the exponential of vectors is right to the last two bits", T,
                     float, double) {
    const bool is_float = std::is_same_v<T, float>;
    const int last = is_float ? 88 : 709;
    std::vector<T> x;
    for (int i = -200 * last; i <= 200 * last; ++i) x.push_back(static_cast<T>(i / 200.0));
    std::vector<T> y(x.size());
    const auto count = static_cast<Index>(x.size());
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      double largest = 0, largest_below_0 = 0;
      NN_DISPATCH_TO(isa, activate_vectors, Activation::exponential, count, x.data(), y.data());
      for (std::size_t i = 0; i < x.size(); ++i) {
        const long double exact = std::exp(static_cast<long double>(x[i]));
        if (exact < static_cast<long double>(std::numeric_limits<T>::min())) continue;
        largest = std::max(largest, static_cast<double>(std::abs(y[i] / exact - 1)));
      }
      NN_DISPATCH_TO(isa, elu, count, x.data(), T(1), y.data());
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (!(x[i] < 0)) continue;
        const long double exact = std::expm1(static_cast<long double>(x[i]));
        largest_below_0 =
            std::max(largest_below_0, static_cast<double>(std::abs(y[i] / exact - 1)));
      }
      CHECK(largest <= 2 * static_cast<double>(std::numeric_limits<T>::epsilon()));
      CHECK(largest_below_0 <= 2 * static_cast<double>(std::numeric_limits<T>::epsilon()));
    }
  }

  TEST_CASE_TEMPLATE("Elementwise: the gelu of vectors keeps the digits of its lower tail", T,
                     float, double) {
    std::vector<T> x;
    for (int i = -20000; i <= 20000; ++i) x.push_back(static_cast<T>(i / 500.0));
    std::vector<T> y(x.size());
    for (const Isa isa : available_isas()) {
      CAPTURE(std::string{nn::to_string(isa)});
      NN_DISPATCH_TO(isa, activate_vectors, Activation::gelu, static_cast<Index>(x.size()),
                     x.data(), y.data());
      double largest = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const auto exact_x = static_cast<long double>(x[i]);
        const long double exact = exact_x / 2 * std::erfc(-exact_x / std::sqrt(2.0L));
        if (std::abs(exact) < static_cast<long double>(std::numeric_limits<T>::min())) continue;
        // An argument x^2 / 2 that is rounded makes an exponential less exact by its size.
        const long double allowed = 8 + exact_x * exact_x;
        largest = std::max(largest, static_cast<double>(std::abs(y[i] / exact - 1) / allowed));
      }
      CHECK(largest <= static_cast<double>(std::numeric_limits<T>::epsilon()));
    }
  }

  TEST_CASE_TEMPLATE("Elementwise: activations with arguments agree with the naive loops", T, float,
                     double) {
    for (const Isa isa : available_isas()) {
      for (const Index count : counts) {
        CAPTURE(std::string{nn::to_string(isa)});
        CAPTURE(count);
        const auto x = random_values<T>(count, 1), dy = random_values<T>(count, 2);
        std::vector<T> expected(x.size());
        Guarded<T> y(nan_values<T>(count));
        naive::leaky_relu(count, x.data(), T(0.3), expected.data());
        NN_DISPATCH_TO(isa, leaky_relu, count, x.data(), T(0.3), y.data());
        CHECK(largest_difference(y.values(), expected) == 0);
        naive::leaky_relu_gradient(count, x.data(), T(0.3), dy.data(), expected.data());
        NN_DISPATCH_TO(isa, leaky_relu_gradient, count, x.data(), T(0.3), dy.data(), y.data());
        CHECK(largest_difference(y.values(), expected) == 0);
        naive::elu(count, x.data(), T(2), expected.data());
        NN_DISPATCH_TO(isa, elu, count, x.data(), T(2), y.data());
        CHECK(largest_difference(y.values(), expected) <= sum_tolerance<T>(1));
        const std::vector<T> result = expected;
        naive::elu_gradient(count, x.data(), result.data(), T(2), dy.data(), expected.data());
        NN_DISPATCH_TO(isa, elu_gradient, count, x.data(), result.data(), T(2), dy.data(),
                       y.data());
        CHECK(largest_difference(y.values(), expected) <= sum_tolerance<T>(1));
        CHECK(y.is_intact());
      }
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
    for (const Activation activation : nn::all_activations()) {
      if (nn::acts_on_rows(activation)) continue;
      CAPTURE(std::string{nn::to_string(activation)});
      const ThreadsForTest use(2);
      std::vector<float> y(x.size()), expected = x, dz = x;
      activate(activation, count, x.data(), y.data());
      activate(activation, count, expected.data(), expected.data());
      CHECK(y == expected);
      naive::activation_gradient(activation, count, x.data(), y.data(), x.data(), expected.data());
      activation_gradient(activation, count, x.data(), y.data(), dz.data(), dz.data());
      CHECK(largest_difference(dz, expected) <= sum_tolerance<float>(4));
    }
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
