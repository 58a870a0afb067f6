// SPDX-License-Identifier: MIT
// The activation functions that layers can end with, as formulas on one element.
#pragma once

#include <cmath>

#include "nn/core/config.hpp"

namespace nn {

/// Keras' names. `softmax` acts on the last axis, all others on each element.
enum class Activation { linear, relu, sigmoid, tanh, softmax };

[[nodiscard]] constexpr const char* to_string(Activation activation) {
  switch (activation) {
    case Activation::relu:
      return "relu";
    case Activation::sigmoid:
      return "sigmoid";
    case Activation::tanh:
      return "tanh";
    case Activation::softmax:
      return "softmax";
    case Activation::linear:
      break;
  }
  return "linear";
}

namespace kernels {

/// y = act(x) for an activation of single elements.
template <class T>
[[nodiscard]] T activate(Activation activation, T x) {
  using std::exp, std::tanh;
  switch (activation) {
    case Activation::relu:
      return x > T(0) || x != x ? x : T(0);  // NaN stays NaN
    case Activation::sigmoid:
      return T(1) / (T(1) + exp(-x));
    case Activation::tanh:
      return tanh(x);
    default:
      return x;
  }
}

/// dact/dx, written in the result y = act(x).
template <class T>
[[nodiscard]] T activation_slope(Activation activation, T y) {
  switch (activation) {
    case Activation::relu:
      return y <= T(0) ? T(0) : T(1);
    case Activation::sigmoid:
      return y * (T(1) - y);
    case Activation::tanh:
      return T(1) - y * y;
    default:
      return T(1);
  }
}

}  // namespace kernels
}  // namespace nn
