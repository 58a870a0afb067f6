// SPDX-License-Identifier: MIT
// Activations of single elements and their slopes, as formulas on one element.
//
// Far from 0 a formula may multiply an infinity by 0, or divide one by another. There x is replaced
// by a bound beyond which the result does not change any more.
#pragma once

#include <cmath>
#include <concepts>

#include "nn/kernels/elementwise/activation.hpp"

namespace nn::kernels {

/// Keras' constants (selu: Klambauer and others 2017; gelu_tanh: Hendrycks and Gimpel 2016).
inline constexpr double leaky_relu_slope = 0.2;
inline constexpr double selu_scale = 1.0507009873554804934193349852946;
inline constexpr double selu_alpha = 1.6732632423543772848170429916717;
inline constexpr double gelu_cubic = 0.044715;
inline constexpr double root_of_2_over_pi = 0.79788456080286535588;

namespace detail {

/// exp(x) is 0 from here downwards.
inline constexpr double far_below = -1000;
/// exp(x) + 1 is exp(x) from here upwards.
inline constexpr double far_above = 40;

template <class T>
[[nodiscard]] T at_least(const T& x, double least) {
  return x < T(least) ? T(least) : x;  // NaN stays NaN
}
template <class T>
[[nodiscard]] T at_most(const T& x, double most) {
  return x > T(most) ? T(most) : x;
}
/// `limit` is for float, `limit_of_double` for scalars with the range of double.
template <class T>
[[nodiscard]] T bounded(const T& x, double limit, double limit_of_double) {
  const double most = std::same_as<T, float> ? limit : limit_of_double;
  return at_most(at_least(x, -most), most);
}

/// Phi(x), the probability that a standard normal variable is below x. (1 + erf would lose the
/// digits of the lower tail.)
template <class T>
[[nodiscard]] T normal_probability(const T& x) {
  using std::erfc;
  return T(0.5) * erfc(x * T(-0.70710678118654752440));
}

/// tanh(log(1 + e)) = (e^2 + 2 e) / (e^2 + 2 e + 2)
template <class T>
[[nodiscard]] T tanh_of_softplus(const T& e) {
  const T square = e * (e + T(2));  // (1 + e)^2 - 1
  return square / (square + T(2));
}

/// The argument of gelu_tanh's tanh, twice: 0.5 (1 + tanh(v)) = 1 / (1 + exp(-2 v)).
template <class T>
[[nodiscard]] T gelu_argument(const T& x) {
  return T(2 * root_of_2_over_pi) * (x + T(gelu_cubic) * x * x * x);
}

/// y of the activations that no product applies. Not inlined: it would be in each of those kernels.
template <class T>
[[nodiscard]] [[gnu::noinline]] T activate_alone(Activation activation, T x) {
  using std::abs, std::exp, std::expm1, std::log1p;
  switch (activation) {
    case Activation::relu6:
      return at_most(at_least(x, 0), 6);
    case Activation::leaky_relu:
      return x > T(0) ? x : T(leaky_relu_slope) * x;
    case Activation::elu:
      return x > T(0) ? x : expm1(x);
    case Activation::selu:
      return T(selu_scale) * (x > T(0) ? x : T(selu_alpha) * expm1(x));
    case Activation::gelu:
      return at_least(x, far_below) * normal_probability(x);
    case Activation::gelu_tanh:
      return at_least(x, far_below) / (T(1) + exp(-gelu_argument(x)));
    case Activation::silu:
      return at_least(x, far_below) / (T(1) + exp(-x));
    case Activation::mish:
      return at_least(x, far_below) * tanh_of_softplus(exp(at_most(x, far_above)));
    case Activation::softplus:
      return at_least(x, 0) + log1p(exp(-abs(x)));
    case Activation::softsign:
      return x / (T(1) + abs(x));
    case Activation::hard_sigmoid:
      return at_most(at_least(x + T(3), 0), 6) / T(6);
    case Activation::hard_silu:
      if (x <= T(-3)) return T(0);
      return x >= T(3) ? x : x * (x + T(3)) / T(6);
    case Activation::exponential:
      return exp(x);
    default:
      return x;
  }
}

/// act'(x) of those that need x.
template <class T>
[[nodiscard]] T slope_at(Activation activation, T x) {
  using std::exp;
  if (activation == Activation::gelu) {
    // Phi(x) + x Phi'(x)
    const T u = bounded(x, 1000, 1000);
    return normal_probability(x) +
           u * T(0.5 * 0.70710678118654752440 * 1.12837916709551257390) * exp(T(-0.5) * u * u);
  }
  if (activation == Activation::gelu_tanh) {
    // s + x s (1 - s) v', where s = 1 / (1 + exp(-v)) and 1 - s = s exp(-v)
    const T u = bounded(x, 9, 20);
    const T e = exp(-gelu_argument(u)), s = T(1) / (T(1) + e);
    const T slope_of_argument = T(2 * root_of_2_over_pi) * (T(1) + T(3 * gelu_cubic) * u * u);
    return s * (T(1) + u * s * e * slope_of_argument);
  }
  if (activation == Activation::silu) {
    // s + x s (1 - s)
    const T u = bounded(x, 80, 700);
    const T e = exp(-u), s = T(1) / (T(1) + e);
    return s * (T(1) + u * s * e);
  }
  if (activation == Activation::mish) {
    // w + x w', where w = tanh(log(1 + e)), e = exp(x) and w' = 4 e (e + 1) / ((1 + e)^2 + 1)^2
    const T u = at_most(at_least(x, far_below), far_above / 2);
    const T e = exp(u), square = e * (e + T(2)) + T(2);
    return tanh_of_softplus(e) + u * (T(4) * e / square) * ((e + T(1)) / square);
  }
  // hard_silu
  if (x <= T(-3)) return T(0);
  return x >= T(3) ? T(1) : (T(2) * x + T(3)) / T(6);
}

}  // namespace detail

/// y = act(x) for an activation of single elements.
template <class T>
[[nodiscard]] T activate(Activation activation, T x) {
  using std::exp, std::tanh;
  switch (activation) {
    case Activation::linear:
      return x;
    case Activation::relu:
      return x > T(0) || x != x ? x : T(0);  // NaN stays NaN
    case Activation::sigmoid:
      return T(1) / (T(1) + exp(-x));
    case Activation::tanh:
      return tanh(x);
    default:
      return detail::activate_alone(activation, x);
  }
}

/// act'(x), written in y = act(x); x counts only for an activation that `needs_input`. It is 0 at
/// both ends of a flat part.
template <class T>
[[nodiscard]] T activation_slope(Activation activation, T x, T y) {
  using std::abs, std::expm1;
  switch (activation) {
    case Activation::linear:
      return T(1);
    case Activation::relu:
      return y <= T(0) ? T(0) : T(1);
    case Activation::relu6:
      return y <= T(0) || y >= T(6) ? T(0) : T(1);
    case Activation::leaky_relu:
      return y <= T(0) ? T(leaky_relu_slope) : T(1);
    case Activation::elu:
      return y > T(0) ? T(1) : y + T(1);
    case Activation::selu:
      return y > T(0) ? T(selu_scale) : y + T(selu_scale * selu_alpha);
    case Activation::sigmoid:
      return y * (T(1) - y);
    case Activation::tanh:
      return T(1) - y * y;
    case Activation::softplus:
      return -expm1(-y);  // 1 - exp(-y) = sigmoid(x)
    case Activation::softsign:
      return (T(1) - abs(y)) * (T(1) - abs(y));
    case Activation::hard_sigmoid:
      return y <= T(0) || y >= T(1) ? T(0) : T(1.0 / 6);
    case Activation::exponential:
      return y;
    default:
      return detail::slope_at(activation, x);
  }
}

/// Whether the activation cuts gradients off where its slope is 0, be they infinite or NaN.
[[nodiscard]] constexpr bool has_flat_parts(Activation activation) {
  switch (activation) {
    case Activation::relu:
    case Activation::relu6:
    case Activation::hard_sigmoid:
    case Activation::hard_silu:
      return true;
    default:
      return false;
  }
}

}  // namespace nn::kernels
