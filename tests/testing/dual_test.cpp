// SPDX-License-Identifier: MIT
#include "nn/testing/dual.hpp"

#include <doctest/doctest.h>

#include "nn/core/tensor.hpp"

namespace {

using nn::testing::Dual;

struct Rule {
  const char* name;
  Dual (*function)(Dual);
  double (*derivative)(double);
};

}  // namespace

TEST_SUITE("testing/dual") {
  TEST_CASE("Dual: each function carries its derivative") {
    const Rule rules[] = {
        {"3 x x - x / 2 + 1", [](Dual x) { return 3 * x * x - x / 2 + 1; },
         [](double x) { return 6 * x - 0.5; }},
        {"1 / x", [](Dual x) { return 1 / x; }, [](double x) { return -1 / (x * x); }},
        {"exp", [](Dual x) { return exp(x); }, [](double x) { return std::exp(x); }},
        {"expm1", [](Dual x) { return expm1(x); }, [](double x) { return std::exp(x); }},
        {"log", [](Dual x) { return log(x); }, [](double x) { return 1 / x; }},
        {"log1p", [](Dual x) { return log1p(x); }, [](double x) { return 1 / (1 + x); }},
        {"sqrt", [](Dual x) { return sqrt(x); }, [](double x) { return 0.5 / std::sqrt(x); }},
        {"tanh", [](Dual x) { return tanh(x); },
         [](double x) { return 1 / (std::cosh(x) * std::cosh(x)); }},
        {"sin", [](Dual x) { return sin(x); }, [](double x) { return std::cos(x); }},
        {"cos", [](Dual x) { return cos(x); }, [](double x) { return -std::sin(x); }},
        {"erf", [](Dual x) { return erf(x); },
         [](double x) { return 2 / std::sqrt(std::acos(-1.0)) * std::exp(-x * x); }},
        {"pow", [](Dual x) { return pow(x, 2.5); },
         [](double x) { return 2.5 * x * std::sqrt(x); }},
        {"abs of -x", [](Dual x) { return abs(-x); }, [](double) { return 1.0; }},
        {"tanh(x) / exp(x)", [](Dual x) { return tanh(x) / exp(x); },
         [](double x) {
           return (1 / (std::cosh(x) * std::cosh(x)) - std::tanh(x)) * std::exp(-x);
         }},
    };
    for (const Rule& rule : rules) {
      for (const double x : {0.3, 0.8, 1.7}) {
        CAPTURE(rule.name);
        CAPTURE(x);
        const Dual y = rule.function({x, 2});
        CHECK(y.derivative == doctest::Approx(2 * rule.derivative(x)).epsilon(1e-12));
        CHECK(rule.function(x).derivative == 0);
      }
    }
  }

  TEST_CASE("Dual: assigning operators do what the plain ones do") {
    const Dual a{3, 1}, b{2, 5};
    Dual sum = a, difference = a, product = a, quotient = a;
    sum += b;
    difference -= b;
    product *= b;
    quotient /= b;
    CHECK(sum.derivative == 6);
    CHECK(difference.derivative == -4);
    CHECK(product.derivative == 17);
    CHECK(quotient.value == 1.5);
    CHECK(quotient.derivative == (1 - 1.5 * 5) / 2);
  }

  TEST_CASE("Dual: comparisons look at values only") {
    CHECK(Dual{1, 5} == Dual{1, 7});
    CHECK(Dual{1, 9} < Dual{2, 0});
    CHECK(Dual{1} >= 1);
    CHECK(Dual{1} != 2);
    CHECK(isnan(Dual{std::nan("")}));
    CHECK_FALSE(isfinite(Dual{std::numeric_limits<Dual>::infinity()}));
  }

  TEST_CASE("Dual: Eigen's tensors compute with it") {
    nn::Tensor<Dual, 2> x(2, 2);
    x.setConstant(Dual{3, 1});
    const nn::Tensor<Dual, 2> y = x * x + x;
    CHECK(y(1, 1).value == 12);
    CHECK(y(1, 1).derivative == 7);
    const nn::Tensor<Dual, 0> sum = y.sum();
    CHECK(sum().derivative == 28);
  }
}
