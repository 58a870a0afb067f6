// SPDX-License-Identifier: MIT
// Dual numbers: arithmetic that carries a derivative along, to test gradients without a step size.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

#include "nn/core/config.hpp"
#include "nn/core/finite.hpp"

namespace nn::testing {

/// value + derivative e, with e e = 0: every operation applies the chain rule in exact form
/// (forward-mode differentiation; Clifford 1873, Wengert 1964). A layer over Dual whose input or
/// parameter i has derivative 1, all others 0, gives dy/di beside y. Comparisons look at the
/// values.
struct Dual {
  double value = 0;
  double derivative = 0;

  constexpr Dual() = default;
  template <class Number>
  requires std::is_arithmetic_v<Number>
  constexpr Dual(Number number)  // NOLINT(google-explicit-constructor): a constant is a dual number
      : value(static_cast<double>(number)) {}
  constexpr Dual(double number, double slope) : value(number), derivative(slope) {}

  explicit operator double() const { return value; }
  explicit operator float() const { return static_cast<float>(value); }

  Dual& operator+=(const Dual& b) { return *this = *this + b; }
  Dual& operator-=(const Dual& b) { return *this = *this - b; }
  Dual& operator*=(const Dual& b) { return *this = *this * b; }
  Dual& operator/=(const Dual& b) { return *this = *this / b; }

  friend Dual operator+(const Dual& a) { return a; }
  friend Dual operator-(const Dual& a) { return {-a.value, -a.derivative}; }
  friend Dual operator+(const Dual& a, const Dual& b) {
    return {a.value + b.value, a.derivative + b.derivative};
  }
  friend Dual operator-(const Dual& a, const Dual& b) {
    return {a.value - b.value, a.derivative - b.derivative};
  }
  friend Dual operator*(const Dual& a, const Dual& b) {
    return {a.value * b.value, a.derivative * b.value + a.value * b.derivative};
  }
  friend Dual operator/(const Dual& a, const Dual& b) {
    const double quotient = a.value / b.value;
    return {quotient, (a.derivative - quotient * b.derivative) / b.value};
  }

  friend bool operator==(const Dual& a, const Dual& b) { return a.value == b.value; }
  friend bool operator!=(const Dual& a, const Dual& b) { return a.value != b.value; }
  friend bool operator<(const Dual& a, const Dual& b) { return a.value < b.value; }
  friend bool operator>(const Dual& a, const Dual& b) { return a.value > b.value; }
  friend bool operator<=(const Dual& a, const Dual& b) { return a.value <= b.value; }
  friend bool operator>=(const Dual& a, const Dual& b) { return a.value >= b.value; }

  // Found by argument-dependent lookup: a layer says `using std::exp;` and then `exp(x)`.
  friend Dual exp(const Dual& a) { return a.chain(std::exp(a.value), std::exp(a.value)); }
  friend Dual expm1(const Dual& a) { return a.chain(std::expm1(a.value), std::exp(a.value)); }
  friend Dual log(const Dual& a) { return a.chain(std::log(a.value), 1 / a.value); }
  friend Dual log1p(const Dual& a) { return a.chain(std::log1p(a.value), 1 / (1 + a.value)); }
  friend Dual sqrt(const Dual& a) {
    const double root = std::sqrt(a.value);
    return a.chain(root, 0.5 / root);
  }
  friend Dual tanh(const Dual& a) {
    const double y = std::tanh(a.value);
    return a.chain(y, 1 - y * y);
  }
  friend Dual sin(const Dual& a) { return a.chain(std::sin(a.value), std::cos(a.value)); }
  friend Dual cos(const Dual& a) { return a.chain(std::cos(a.value), -std::sin(a.value)); }
  friend Dual erf(const Dual& a) {
    constexpr double two_over_root_pi = 1.12837916709551257390;
    return a.chain(std::erf(a.value), two_over_root_pi * std::exp(-a.value * a.value));
  }
  friend Dual erfc(const Dual& a) {
    const Dual complement = erf(a);
    return {std::erfc(a.value), -complement.derivative};
  }
  friend Dual pow(const Dual& a, double exponent) {
    return a.chain(std::pow(a.value, exponent), exponent * std::pow(a.value, exponent - 1));
  }
  friend Dual abs(const Dual& a) { return a.value < 0 ? -a : a; }
  friend bool isnan(const Dual& a) { return is_nan(a.value); }
  friend bool isfinite(const Dual& a) { return is_finite(a.value); }

 private:
  /// f(a) where f has this value and this slope at a.
  [[nodiscard]] Dual chain(double result, double slope) const {
    // A constant stays one where the slope is infinite.
    return {result, derivative == 0 ? 0 : slope * derivative};
  }
};

}  // namespace nn::testing

namespace nn {

template <>
inline constexpr bool is_real<testing::Dual> = true;

}  // namespace nn

template <>
struct std::numeric_limits<nn::testing::Dual> : std::numeric_limits<double> {};

template <>
struct Eigen::NumTraits<nn::testing::Dual> : Eigen::NumTraits<double> {
  using Real = nn::testing::Dual;
  using NonInteger = nn::testing::Dual;
  using Nested = nn::testing::Dual;
  using Literal = double;
  enum { IsComplex = 0, IsInteger = 0, IsSigned = 1, RequireInitialization = 1 };
  enum { ReadCost = 2, AddCost = 2, MulCost = 4 };
};
