// SPDX-License-Identifier: MIT
// The formulas of single elements; their numbers against Keras are in tests/golden/.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "nn/kernels/elementwise/formulas.hpp"
#include "nn/testing/dual.hpp"

namespace {

using nn::Activation;
using nn::kernels::activate;
using nn::kernels::activation_slope;
using nn::testing::Dual;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Those of single elements.
std::vector<Activation> elementwise_activations() {
  std::vector<Activation> result;
  for (const Activation activation : nn::all_activations()) {
    if (!nn::acts_on_rows(activation)) result.push_back(activation);
  }
  return result;
}

/// From -12 to 12, none of them where a slope jumps.
std::vector<double> arguments() {
  std::vector<double> result;
  for (int i = -240; i <= 240; ++i) result.push_back((i + 0.37) / 20);
  return result;
}

/// What y = act(x) and its slope come to at both ends.
struct Ends {
  Activation activation;
  double y_below, slope_below, y_above, slope_above;
};
constexpr double selu_floor = nn::kernels::selu_scale * nn::kernels::selu_alpha;
const Ends all_ends[] = {{Activation::linear, -infinity, 1, infinity, 1},
                         {Activation::relu, 0, 0, infinity, 1},
                         {Activation::relu6, 0, 0, 6, 0},
                         {Activation::leaky_relu, -infinity, 0.2, infinity, 1},
                         {Activation::elu, -1, 0, infinity, 1},
                         {Activation::selu, -selu_floor, 0, infinity, nn::kernels::selu_scale},
                         {Activation::gelu, 0, 0, infinity, 1},
                         {Activation::gelu_tanh, 0, 0, infinity, 1},
                         {Activation::silu, 0, 0, infinity, 1},
                         {Activation::mish, 0, 0, infinity, 1},
                         {Activation::sigmoid, 0, 0, 1, 0},
                         {Activation::tanh, -1, 0, 1, 0},
                         {Activation::softplus, 0, 0, infinity, 1},
                         {Activation::hard_sigmoid, 0, 0, 1, 0},
                         {Activation::hard_silu, 0, 0, infinity, 1},
                         {Activation::exponential, 0, 0, infinity, infinity}};

/// NaN of finite numbers would be an error; of an infinite one it is if it has a limit.
template <class T>
void check_ends(const Ends& ends, T below, T above) {
  CAPTURE(std::string(to_string(ends.activation)));
  CAPTURE(below);
  const auto is_near = [](T actual, double expected) {
    if (std::isinf(expected)) return static_cast<double>(actual) == expected;
    return std::abs(static_cast<double>(actual) - expected) <= 1e-6;
  };
  const T y_below = activate(ends.activation, below), y_above = activate(ends.activation, above);
  if (std::isinf(below) || !std::isinf(ends.y_below)) CHECK(is_near(y_below, ends.y_below));
  if (std::isinf(above) || !std::isinf(ends.y_above)) CHECK(is_near(y_above, ends.y_above));
  CHECK(is_near(activation_slope(ends.activation, below, y_below), ends.slope_below));
  CHECK(is_near(activation_slope(ends.activation, above, y_above), ends.slope_above));
}

}  // namespace

TEST_SUITE("kernels/activation") {
  TEST_CASE("Activation: slopes are the derivatives of the results") {
    for (const Activation activation : elementwise_activations()) {
      for (const double x : arguments()) {
        CAPTURE(std::string(to_string(activation)));
        CAPTURE(x);
        const Dual y = activate(activation, Dual(x, 1));
        const double slope = activation_slope(activation, x, y.value);
        CHECK(std::abs(slope - y.derivative) <= 1e-12 * std::max(1.0, std::abs(slope)));
        CHECK(y.value == activate(activation, x));
      }
    }
  }

  TEST_CASE("Activation: float is double, rounded") {
    for (const Activation activation : elementwise_activations()) {
      for (const double x : arguments()) {
        CAPTURE(std::string(to_string(activation)));
        CAPTURE(x);
        const auto rounded = static_cast<float>(x);
        const double exact_x = static_cast<double>(rounded);
        const double y = activate(activation, exact_x);
        const float y_of_float = activate(activation, rounded);
        CHECK(std::abs(static_cast<double>(y_of_float) - y) <= 1e-6 * std::max(1.0, std::abs(y)));
        const double slope = activation_slope(activation, exact_x, y);
        const float slope_of_float = activation_slope(activation, rounded, y_of_float);
        CHECK(std::abs(static_cast<double>(slope_of_float) - slope) <=
              2e-6 * std::max(1.0, std::abs(slope)));
      }
    }
  }

  TEST_CASE("Activation: far from 0 results and slopes have their limits") {
    for (const Ends& ends : all_ends) {
      for (const float x : {100.0f, 1e4f, 1e15f, 3e38f, HUGE_VALF}) check_ends<float>(ends, -x, x);
      for (const double x : {800.0, 1e4, 1e30, 1e200, HUGE_VAL}) check_ends<double>(ends, -x, x);
    }
    for (const double x : {1e4, 1e300}) {
      CHECK(std::abs(activate(Activation::softsign, -x) + 1) <= 1e-4);
      CHECK(activation_slope(Activation::softsign, x, activate(Activation::softsign, x)) <= 1e-7);
    }
  }

  TEST_CASE("Activation: lower tails keep their digits") {
    const auto is_close = [](double actual, double expected) {
      return std::abs(actual - expected) <= 1e-13 * std::abs(expected);
    };
    CHECK(is_close(activate(Activation::softplus, -40.0), std::exp(-40.0)));
    CHECK(is_close(activate(Activation::mish, -40.0), -40 * std::exp(-40.0)));
    CHECK(is_close(activate(Activation::silu, -40.0), -40 * std::exp(-40.0)));
    CHECK(is_close(activate(Activation::elu, -1e-9), std::expm1(-1e-9)));
    CHECK(is_close(activate(Activation::gelu, -10.0), -5 * std::erfc(std::sqrt(50.0))));
    const double y = activate(Activation::softplus, -40.0);
    CHECK(is_close(activation_slope(Activation::softplus, -40.0, y), std::exp(-40.0)));
  }

  TEST_CASE("Activation: NaN stays NaN") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const Activation activation : elementwise_activations()) {
      CAPTURE(std::string(to_string(activation)));
      CHECK(std::isnan(activate(activation, nan)));
      CHECK(std::isnan(activate(activation, static_cast<float>(nan))));
    }
  }

  TEST_CASE("Activation: at kinks slopes are those of Keras") {
    const auto slope = [](Activation activation, double x) {
      return activation_slope(activation, x, activate(activation, x));
    };
    CHECK(slope(Activation::relu, 0) == 0);
    CHECK(slope(Activation::relu6, 0) == 0);
    CHECK(slope(Activation::relu6, 6) == 0);
    CHECK(slope(Activation::leaky_relu, 0) == 0.2);
    CHECK(slope(Activation::hard_sigmoid, -3) == 0);
    CHECK(slope(Activation::hard_sigmoid, 3) == 0);
    CHECK(slope(Activation::hard_silu, -3) == 0);
    CHECK(slope(Activation::hard_silu, 3) == 1);
  }
}
